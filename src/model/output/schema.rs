//! The schema of a structured result, compiled once and when it is first wanted.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::model::params::{SchemaError, compile};

/// A JSON Schema that results are checked against. Cheap to clone.
#[derive(Clone)]
pub struct OutputSchema(Arc<Declared>);

struct Declared {
    schema: Map<String, Value>,
    validator: OnceLock<Result<Validator, SchemaError>>,
}

impl OutputSchema {
    pub fn new(schema: Map<String, Value>) -> Self {
        Self(Arc::new(Declared { schema, validator: OnceLock::new() }))
    }

    /// Whether a structured result that fits goes out as it is. The protocol knows objects only:
    /// everything else is wrapped as `{ matches: … }`, in the list of tools and in results alike.
    pub fn describes_object(&self) -> bool {
        self.get("type").and_then(Value::as_str) == Some("object")
    }

    /// Checks a value. The text says where it does not fit.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let validator = self.0.validator.get_or_init(|| compile(&Value::Object(self.0.schema.clone())));
        let validator =
            validator.as_ref().map_err(|error| format!("`output.schema` is not valid: {}", error.0))?;
        match validator.iter_errors(value).next() {
            None => Ok(()),
            Some(error) => {
                let place = error.instance_path().to_string();
                Err(format!("the output does not fit `output.schema` at `{place}`: {error}"))
            }
        }
    }

    /// What goes out of a value that fits.
    pub fn wrapped(&self, value: Value) -> Value {
        if self.describes_object() { value } else { json!({ "matches": value }) }
    }
}

impl Deref for OutputSchema {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0.schema
    }
}

impl fmt::Debug for OutputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.schema.fmt(f)
    }
}

impl PartialEq for OutputSchema {
    fn eq(&self, other: &Self) -> bool {
        self.0.schema == other.0.schema
    }
}
