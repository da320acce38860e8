//! `sandbox`: a yes or no, or what is allowed.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::syntax::{Kind, Node};
use crate::model::{SandboxNetwork, SandboxTmp};

#[derive(Debug, Clone)]
pub enum SandboxSetting {
    Off,
    /// `true`: as it is without any key.
    Usual,
    Keys(SandboxKeys),
}

#[derive(Debug, Clone, Default)]
pub struct SandboxKeys {
    pub read: Option<Vec<Spanned<String>>>,
    pub write: Option<Vec<Spanned<String>>>,
    pub network: Option<SandboxNetwork>,
    pub tmp: Option<SandboxTmp>,
}

impl SandboxSetting {
    pub fn read<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        match &node.kind {
            Kind::Map(_) => SandboxKeys::read(reader, node).map(Self::Keys),
            Kind::Scalar(_) => {
                let wanted = reader.boolean(node, "sandbox")?;
                Some(if wanted { Self::Usual } else { Self::Off })
            }
            Kind::Broken => None,
            _ => {
                reader.wrong_type(node, "`sandbox`", "`true`, `false` or a map such as `{ write: [out] }`");
                None
            }
        }
    }

    /// Two maps are joined key by key, as those of `limits` are; anything else stands for itself.
    pub fn or(self, defaults: Option<&Self>) -> Self {
        match (self, defaults) {
            (Self::Keys(keys), Some(Self::Keys(others))) => Self::Keys(keys.or(others)),
            (setting, _) => setting,
        }
    }
}

impl SandboxKeys {
    fn read<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        const NETWORKS: [(&str, SandboxNetwork); 2] =
            [("none", SandboxNetwork::None), ("host", SandboxNetwork::Host)];
        const TMPS: [(&str, SandboxTmp); 2] = [("private", SandboxTmp::Private), ("host", SandboxTmp::Host)];
        let mut fields = Fields::open(reader, node, &shape::SANDBOX)?;
        let keys = Self {
            read: paths(reader, &mut fields, "read"),
            write: paths(reader, &mut fields, "write"),
            network: fields.one_of("network", &NETWORKS),
            tmp: fields.one_of("tmp", &TMPS),
        };
        fields.close();
        Some(keys)
    }

    fn or(self, defaults: &Self) -> Self {
        Self {
            read: self.read.or_else(|| defaults.read.clone()),
            write: self.write.or_else(|| defaults.write.clone()),
            network: self.network.or(defaults.network),
            tmp: self.tmp.or(defaults.tmp),
        }
    }
}

fn paths(reader: &Reader<'_>, fields: &mut Fields<'_>, key: &'static str) -> Option<Vec<Spanned<String>>> {
    let field = fields.take(key)?;
    let paths = reader.texts(field.node, key)?.into_iter();
    Some(paths.map(|path| Spanned { value: path.value.to_owned(), span: path.span }).collect())
}
