//! What a template refers to, as far as that is known without a result.

use super::{BadText, Block, Lookup, Operand, Passage, Start};

/// The blocks around a place: the names that each gives to its item.
type Around<'t> = Vec<&'t [String]>;

/// What is taken of everything, each once, in the order of the text.
pub fn of(passages: &[Passage]) -> Vec<&Lookup> {
    let mut found: Vec<&Lookup> = Vec::new();
    visit(passages, &mut Vec::new(), &mut |lookup, around| {
        if is_of_root(lookup, around) && !found.contains(&lookup) {
            found.push(lookup);
        }
    });
    found
}

/// Whether every path leads somewhere.
pub fn check(passages: &[Passage]) -> Result<(), BadText> {
    let mut problem = None;
    visit(passages, &mut Vec::new(), &mut |lookup, around| {
        let is_nothing = lookup.path.is_empty() && lookup.start == Start::Here && around.len() == lookup.up;
        let wrong = match &lookup.start {
            _ if lookup.up > around.len() => Some(BadText::TooFarUp(lookup.written.clone())),
            Start::Local(_) if around.len() <= lookup.up => Some(BadText::NoBlock(lookup.written.clone())),
            _ if is_nothing => Some(BadText::NoBlock(lookup.written.clone())),
            _ => None,
        };
        problem = problem.take().or(wrong);
    });
    problem.map_or(Ok(()), Err)
}

fn is_of_root(lookup: &Lookup, around: &Around<'_>) -> bool {
    match lookup.start {
        Start::Root => true,
        Start::Local(_) => false,
        Start::Here => {
            let named = |name: &String| around.iter().any(|names| names.contains(name));
            let is_named = lookup.up == 0 && lookup.path.first().is_some_and(named);
            around.len() == lookup.up && !is_named
        }
    }
}

fn visit<'t>(
    passages: &'t [Passage],
    around: &mut Around<'t>,
    each: &mut impl FnMut(&'t Lookup, &Around<'t>),
) {
    for passage in passages {
        match passage {
            Passage::Text(_) => {}
            Passage::Put(operand) => operands(operand, around, each),
            Passage::Block(block) => inside(block, around, each),
        }
    }
}

fn inside<'t>(block: &'t Block, around: &mut Around<'t>, each: &mut impl FnMut(&'t Lookup, &Around<'t>)) {
    match block {
        Block::If { test, holds: _, then, otherwise } => {
            operands(test, around, each);
            visit(then, around, each);
            visit(otherwise, around, each);
        }
        Block::Each { over: of, names, body, otherwise } | Block::With { of, names, body, otherwise } => {
            operands(of, around, each);
            around.push(names);
            visit(body, around, each);
            around.pop();
            visit(otherwise, around, each);
        }
    }
}

fn operands<'t>(operand: &'t Operand, around: &Around<'t>, each: &mut impl FnMut(&'t Lookup, &Around<'t>)) {
    match operand {
        Operand::Literal(_) => {}
        Operand::At(lookup) => each(lookup, around),
        Operand::Of(_, values) => values.iter().for_each(|value| operands(value, around, each)),
    }
}
