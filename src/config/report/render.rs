//! A report for people, in the way of good compilers.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::source::{Source, SourceId, Span};

use super::excerpt::Excerpt;
use super::{Report, Style};

/// Places further apart than this get an excerpt each.
const NEAR_BYTES: usize = 1200;

pub(super) fn problems(report: &Report, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut text = String::new();
    for problem in &report.diagnostics {
        text.push_str(&renderer.render(&[group(report, problem)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(report: &'a Report, problem: &'a Diagnostic) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(problem.message.as_str()).id(problem.code_text());
    let group = title.elements(places(report, problem));
    let helps = problem.help.iter().map(|help| Level::HELP.message(help.as_str()));
    group.elements(helps)
}

/// One place that is marked in an excerpt.
struct Mark<'a> {
    source: SourceId,
    range: Range<usize>,
    label: Option<&'a str>,
    kind: AnnotationKind,
}

fn places<'a>(report: &'a Report, problem: &'a Diagnostic) -> Vec<Element<'a>> {
    let Some(span) = problem.span else {
        let name = report.sources.first().map(|source| source.name.as_str()).unwrap_or_default();
        return vec![Origin::path(name).into()];
    };
    let own = mark(report, span, problem.label.as_deref(), AnnotationKind::Primary);
    let mut clusters: Vec<Vec<Mark<'a>>> = vec![own.into_iter().collect()];
    for (span, label) in &problem.others {
        let Some(mark) = mark(report, *span, Some(label), AnnotationKind::Context) else { continue };
        match clusters.iter_mut().find(|cluster| is_near(cluster, &mark)) {
            Some(cluster) => cluster.push(mark),
            None => clusters.push(vec![mark]),
        }
    }
    clusters.iter().filter_map(|cluster| element(report, cluster)).collect()
}

fn mark<'a>(report: &Report, span: Span, label: Option<&'a str>, kind: AnnotationKind) -> Option<Mark<'a>> {
    let range = first_line(report.source(span)?, span);
    Some(Mark { source: span.source, range, label, kind })
}

fn is_near(cluster: &[Mark<'_>], mark: &Mark<'_>) -> bool {
    let is_near = |other: &Mark<'_>| other.range.start.abs_diff(mark.range.start) < NEAR_BYTES;
    cluster.iter().any(|other| other.source == mark.source && is_near(other))
}

fn element<'a>(report: &'a Report, marks: &[Mark<'a>]) -> Option<Element<'a>> {
    let id = marks.first()?.source;
    let source = report.sources.get(usize::from(id.0))?;
    let ranges: Vec<Range<usize>> = marks.iter().map(|mark| mark.range.clone()).collect();
    let Some(excerpt) = Excerpt::of(report, id, source, &ranges) else {
        let at = source.position(ranges.first().map_or(0, |range| range.start));
        return Some(Origin::path(source.name.as_str()).line(at.line).char_column(at.column).into());
    };
    let annotations: Vec<Annotation<'a>> = marks
        .iter()
        .map(|mark| mark.kind.span(excerpt.place(mark.range.clone(), &source.text)).label(mark.label))
        .collect();
    let snippet = Snippet::source(excerpt.text)
        .line_start(excerpt.first_line)
        .path(source.name.as_str())
        .annotations(annotations);
    Some(snippet.into())
}

/// Of a place that spans several lines, what stands in the first: marking all of a command helps nobody.
fn first_line(source: &Source, span: Span) -> Range<usize> {
    let range = span.range();
    let text = source.slice(span);
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let first = text.get(..end).unwrap_or_default();
    // A comment at the end of the line is none of the problem.
    let first = first.split(" #").next().unwrap_or(first).trim_end();
    let end = if first.is_empty() { range.end.min(range.start + end) } else { range.start + first.len() };
    range.start..end
}
