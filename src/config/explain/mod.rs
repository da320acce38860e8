//! What each code means, at length: the pages behind `mcpfier explain`.
//!
//! The pages stand in `pages.md`, a section for each code. An example that names neither `version`
//! nor `commands` holds the keys of one command.

use super::code::Code;

const PAGES: &str = include_str!("pages.md");

/// The page of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub code: Code,
    /// What is wrong, and why it matters.
    pub text: &'static str,
    /// What shows the problem; some problems cannot be shown in YAML.
    pub wrong: Option<&'static str>,
    /// The same without the problem.
    pub mended: Option<&'static str>,
}

/// The page of a code. `None` only if nobody wrote one.
pub fn explain(code: Code) -> Option<Page> {
    let heading = format!("## {:04}\n", code.number());
    let (_, section) = PAGES.split_once(heading.as_str())?;
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut parts = section.split("```");
    let text = parts.next().unwrap_or_default();
    let text = text.split("\nWrong:").next().unwrap_or(text).trim();
    // Between two examples stands the heading of the second.
    let mut examples = parts.step_by(2).filter_map(|part| part.strip_prefix("yaml\n"));
    Some(Page { code, text, wrong: examples.next(), mended: examples.next() })
}

/// The code that a user names: `E0012`, `w12`, `12`.
pub fn code_named(written: &str) -> Option<Code> {
    let digits = written.strip_prefix(['E', 'W', 'N', 'e', 'w', 'n']).unwrap_or(written);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u16 = digits.parse().ok()?;
    Code::ALL.iter().copied().find(|code| code.number() == number)
}

impl Page {
    /// For a terminal: the text as it is, examples indented.
    pub fn render(&self) -> String {
        let mut page = format!("{:04}: {}\n\n{}\n", self.code.number(), self.code.title(), self.text);
        for (heading, example) in [("Wrong:", self.wrong), ("Mended:", self.mended)] {
            let Some(example) = example else { continue };
            page.push_str(&format!("\n{heading}\n\n"));
            for line in example.lines() {
                page.push_str(&format!("    {line}\n"));
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        for code in Code::ALL {
            let page = explain(*code).unwrap_or_else(|| panic!("{code:?} has no page"));
            assert!(page.text.len() > 40, "{code:?} says too little");
            assert_eq!(page.wrong.is_some(), page.mended.is_some(), "{code:?} needs both examples");
        }
        assert_eq!(PAGES.matches("\n## ").count(), Code::ALL.len());
    }

    #[test]
    fn codes_are_named_with_and_without_their_letter() {
        for written in ["E0012", "W0012", "n12", "0012", "12"] {
            assert_eq!(code_named(written), Some(Code::WrongType), "{written}");
        }
        for written in ["", "E", "X0012", "E9999", "99999999", "+12", "E 12"] {
            assert_eq!(code_named(written), None, "{written}");
        }
    }
}
