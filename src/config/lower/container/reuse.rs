//! What it means that a container stays: what one call leaves, the next one finds.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::Container;
use crate::config::read::Spanned;

pub fn report(scope: &Scope<'_>, written: &Container<'_>) {
    let Some(reuse) = &written.reuse else { return };
    let writable = written.read_only.as_ref().filter(|read_only| !read_only.value);
    if let Some(Spanned { span, .. }) = writable {
        let message =
            "a call finds what the calls before it have written into this container's copy of the image";
        let problem = Diagnostic::warning(Code::Reused, reuse.span, message);
        let problem = problem.other(*span, "here it may write everywhere");
        scope.problems.add(problem.help("remove `read_only: false`, or `reuse`"));
        return;
    }
    let message = format!(
        "up to {} calls of one caller share a container: its processes are killed and its folders in memory emptied between them, and nothing else is",
        reuse.value.calls
    );
    scope.problems.add(Diagnostic::note(Code::Reused, reuse.span, message));
}
