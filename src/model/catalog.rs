//! All tools of one file, in its order, found by name.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::HashMap;

use super::access::Access;
use super::action::Action;
use super::audit::AuditRules;
use super::executor::Executor;
use super::fed::FedVariables;
use super::flow::StepWork;
use super::name::ToolName;
use super::offer::Offers;
use super::requires::{HostFindings, settle};
use super::secret::Secrets;
use super::server::ServerSettings;
use super::tool::Tool;

#[derive(Debug, Clone)]
pub struct Catalog {
    tools: Vec<Arc<Tool>>,
    by_name: HashMap<String, usize>,
    pub server: ServerSettings,
    pub secrets: Secrets,
    /// Where secrets by `env` are looked up beside the environment.
    pub fed: FedVariables,
    /// The engines that the file names.
    pub executors: Vec<Executor>,
    /// Who may call what.
    pub access: Arc<Access>,
    /// `None`: nothing is recorded.
    pub audit: Option<AuditRules>,
    /// What is offered beside the tools.
    pub offers: Offers,
}

impl Catalog {
    /// Of two tools with one name the first is kept; `config` has reported the second.
    pub fn new(tools: Vec<Tool>, server: ServerSettings, secrets: Secrets) -> Self {
        let tools: Vec<Arc<Tool>> = tools.into_iter().map(Arc::new).collect();
        let mut by_name = HashMap::default();
        by_name.reserve(tools.len());
        for (index, tool) in tools.iter().enumerate() {
            by_name.entry(tool.name.as_str().to_owned()).or_insert(index);
        }
        let (fed, executors, access) = (FedVariables::default(), Vec::new(), Arc::default());
        Self {
            tools,
            by_name,
            server,
            secrets,
            fed,
            executors,
            access,
            audit: None,
            offers: Offers::default(),
        }
    }

    /// What a token has to be good for, for all that a command may do: its own scopes, and those of
    /// the commands that it runs.
    pub fn scopes_of(&self, tool: &Tool) -> Vec<String> {
        let (mut needed, mut waiting, mut seen) = (tool.scopes.clone(), named_by(tool), HashSet::new());
        while let Some(name) = waiting.pop() {
            let Some(nested) = self.tool(name.as_str()).filter(|_| seen.insert(name.clone())) else {
                continue;
            };
            needed.extend(nested.scopes.iter().filter(|scope| !tool.scopes.contains(scope)).cloned());
            waiting.extend(named_by(nested));
        }
        needed
    }

    pub fn tool(&self, name: &str) -> Option<&Arc<Tool>> {
        self.by_name.get(name).and_then(|&index| self.tools.get(index))
    }

    pub fn tools(&self) -> &[Arc<Tool>] {
        &self.tools
    }

    /// Says of each tool that requires something whether it is offered, by what was found on this host.
    pub fn settle(&mut self, findings: &HostFindings) {
        settle(&mut self.tools, findings);
    }

    /// What clients are offered.
    pub fn offered(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools.iter().filter(|tool| tool.is_offered())
    }
}
/// The commands that one runs itself, in its steps or in its place, and does not lend to its callers.
fn named_by(tool: &Tool) -> Vec<ToolName> {
    let mut names: Vec<ToolName> = tool.fallback.iter().map(|fallback| fallback.tool.clone()).collect();
    if let Action::Flow(flow) = &tool.action {
        for work in flow.works() {
            match work {
                StepWork::Command { tool, .. } => names.push(tool.clone()),
                StepWork::Inline(inline) => names.extend(named_by(inline)),
            }
        }
    }
    names.retain(|name| !tool.authorization.lends(name));
    names
}
