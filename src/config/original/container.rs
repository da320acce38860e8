//! `container: IMAGE` of an original file: the image with the engine's own defaults.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::{Place, judge_image};
use crate::config::read::Spanned;
use crate::model::{
    Action, Argument, ContainerWorkload, Inside, Lockdown, Network, Pull, Stdin, Template, Variable,
};

const NO_IMAGE: &str = "its image cannot exist";

/// What `docker run IMAGE SCRIPT ARGS…` does, with the engine's own defaults.
pub fn container(
    place: &Place<'_>,
    image: Spanned<&str>,
    script: Option<Spanned<&str>>,
    args: Vec<Argument>,
    env: Vec<Variable>,
) -> Action {
    if let Err(reason) = judge_image(image.value) {
        let message = format!("`{}` is no image: {reason}; this command is not offered", image.value);
        place.reader.problems.add(Diagnostic::warning(Code::BadImage, image.span, message));
        return Action::NotSupported(NO_IMAGE.to_owned());
    }
    let script = script.filter(|script| !script.value.is_empty());
    let script = script.map(|script| Argument::Word(Template::literal(script.value)));
    Action::Container(Box::new(ContainerWorkload {
        folder: place.host.cwd.clone(),
        executor: None,
        image: image.value.to_owned(),
        build: None,
        verify: None,
        scan: None,
        pull: Pull::Missing,
        platform: None,
        inside: Inside::Image { args: script.into_iter().chain(args).collect() },
        env,
        workdir: None,
        stdin: Stdin::Null,
        mounts: Vec::new(),
        tmpfs: Vec::new(),
        files: Vec::new(),
        network: Network::Bridge,
        lockdown: Lockdown::open(),
        hosts: Vec::new(),
        dns: Vec::new(),
        devices: Vec::new(),
        gpus: None,
        labels: Vec::new(),
        init: false,
        stop_signal: None,
        warm: 0,
        reuse: None,
    }))
}
