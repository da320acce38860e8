//! What a file offers beside its tools: prompts, and resources that can be read.

mod prompt;
mod resource;
mod suggest;
mod uri;

use std::collections::HashMap;
use std::sync::Arc;

pub use prompt::{Prompt, PromptContent, PromptMessage, PromptRole, PromptText};
pub use resource::{Directory, Resource, ResourceSource};
pub use suggest::Suggest;
pub use uri::{BadUri, RESERVED_SCHEMES, UriTemplate};

/// Every prompt and every resource of a file, in its order.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    pub prompts: Vec<Arc<Prompt>>,
    pub resources: Vec<Arc<Resource>>,
    /// Resources without a hole in their URI.
    fixed: HashMap<String, usize>,
}

impl Offers {
    pub fn new(prompts: Vec<Prompt>, resources: Vec<Resource>) -> Self {
        let prompts = prompts.into_iter().map(Arc::new).collect();
        let resources: Vec<Arc<Resource>> = resources.into_iter().map(Arc::new).collect();
        let mut fixed = HashMap::new();
        for (index, resource) in resources.iter().enumerate().filter(|(_, resource)| resource.uri.is_fixed())
        {
            fixed.entry(resource.uri.text().to_owned()).or_insert(index);
        }
        Self { prompts, resources, fixed }
    }

    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty() && self.resources.is_empty()
    }

    pub fn prompt(&self, name: &str) -> Option<&Arc<Prompt>> {
        self.prompts.iter().find(|prompt| prompt.name == name)
    }

    /// The resources that a URI may mean, with what stands in the holes of theirs: the one that is
    /// written like that, and then those with holes in the order of the file.
    pub fn resources_at<'o>(
        &'o self,
        uri: &'o str,
    ) -> impl Iterator<Item = (&'o Arc<Resource>, Vec<(String, String)>)> + 'o {
        let fixed = self.fixed.get(uri).and_then(|index| self.resources.get(*index));
        let open = self.resources.iter().filter(|resource| !resource.uri.is_fixed());
        let open = open.filter_map(move |resource| Some((resource, resource.uri.read_uri(uri)?)));
        fixed.map(|resource| (resource, Vec::new())).into_iter().chain(open)
    }

    /// The resource whose URI is written like this, holes and all.
    pub fn template(&self, written: &str) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|resource| resource.uri.text() == written)
    }
}
