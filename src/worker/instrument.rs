//! Puts calls of the recorder into a snippet's tree, and compiles it.
//!
//! A statement is added behind each top-level one and where a probe asks for
//! it; a bare expression that a probe asks about becomes an argument. Nothing
//! else of the tree changes, so constants are shared, the docstring is one, and
//! `from __future__` stays first. The recorder is reached through a constant of
//! the code object, put there when it is compiled: no name is looked up.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::describe;
use super::recorder::{Prepared, Recorder, Running};
use crate::protocol::{Look, Probe, ProbePoint, Unit};

/// Stands for the recorder in a tree. No snippet has this text by accident.
const PLACEHOLDER: &str = "\0trueprint recorder\0";

/// `ast.PyCF_ONLY_AST`.
const ONLY_AST: i32 = 0x400;

/// All `compiler_flag`s of `__future__`.
const FUTURE_FLAGS: i32 = 0x1fe_0000;

/// A top-level statement and what was put around it.
pub struct Group<'py> {
    /// Those before it.
    pub before: Vec<Bound<'py, PyAny>>,
    /// The statement; none in the group behind the last one.
    pub statement: Option<Bound<'py, PyAny>>,
    /// Those behind it.
    pub after: Vec<Bound<'py, PyAny>>,
}

/// Where a node of a tree stands.
struct Place<'py> {
    py: Python<'py>,
    values: [Bound<'py, PyAny>; 4],
}

impl<'py> Place<'py> {
    fn of(node: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = node.py();
        let [first, second, third, fourth] = Self::names(py);
        Ok(Self {
            py,
            values: [
                node.getattr(first)?,
                node.getattr(second)?,
                node.getattr(third)?,
                node.getattr(fourth)?,
            ],
        })
    }

    fn names(py: Python<'py>) -> [&'py Bound<'py, PyString>; 4] {
        [
            intern!(py, "lineno"),
            intern!(py, "col_offset"),
            intern!(py, "end_lineno"),
            intern!(py, "end_col_offset"),
        ]
    }

    fn fields(&self) -> [(&'py Bound<'py, PyString>, Bound<'py, PyAny>); 4] {
        let [first, second, third, fourth] = Self::names(self.py);
        let [line, column, end_line, end_column] = self.values.clone();
        [
            (first, line),
            (second, column),
            (third, end_line),
            (fourth, end_column),
        ]
    }
}

/// What is needed to compile.
pub struct Compiler<'py> {
    nodes: Bound<'py, PyAny>,
    compile: Bound<'py, PyAny>,
    recorder: Bound<'py, Recorder>,
}

impl<'py> Compiler<'py> {
    /// CPython's compiler, which calls that recorder.
    pub fn new(recorder: &Bound<'py, Recorder>) -> Self {
        let py = recorder.py();
        let originals = recorder.get().originals();
        Self {
            nodes: originals.nodes.bind(py).clone(),
            compile: originals.compile.bind(py).clone(),
            recorder: recorder.clone(),
        }
    }

    fn py(&self) -> Python<'py> {
        self.nodes.py()
    }

    /// Calls `compile`, which is given as much room for a tree as it has for
    /// source: up to 3.11, a tree may be a third as deep.
    fn compile(
        &self,
        source: &Bound<'py, PyAny>,
        path: &str,
        mode: &str,
        flags: i32,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = (source, path, mode, flags, true);
        if self.py().version_info() >= (3, 12) {
            return self.compile.call1(arguments);
        }
        // SAFETY: they ask nothing of their caller but to be attached.
        unsafe {
            let limit = ffi::Py_GetRecursionLimit();
            ffi::Py_SetRecursionLimit(limit.saturating_mul(3));
            let code = self.compile.call1(arguments);
            ffi::Py_SetRecursionLimit(limit);
            code
        }
    }

    /// Parses source to a `Module`.
    pub fn parse(&self, source: &str, path: &str, flags: i32) -> PyResult<Bound<'py, PyAny>> {
        self.compile(
            source.into_pyobject(self.py())?.as_any(),
            path,
            "exec",
            ONLY_AST | flags,
        )
    }

    /// Compiles statements as one unit.
    pub fn module(
        &self,
        statements: &[Bound<'py, PyAny>],
        path: &str,
        flags: i32,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py();
        let empty = PyList::empty(py);
        let module = self.node(
            intern!(py, "Module"),
            &[
                (intern!(py, "body"), PyList::new(py, statements)?.into_any()),
                (intern!(py, "type_ignores"), empty.into_any()),
            ],
        )?;
        let code = self.compile(&module, path, "exec", flags)?;
        self.attach(&code)
    }

    /// Compiles one statement as the prompt does.
    pub fn interactive(
        &self,
        statement: &Bound<'py, PyAny>,
        path: &str,
        flags: i32,
    ) -> PyResult<Bound<'py, PyAny>> {
        let body = PyList::new(self.py(), [statement])?;
        let py = self.py();
        let tree = self.node(
            intern!(py, "Interactive"),
            &[(intern!(py, "body"), body.into_any())],
        )?;
        let code = self.compile(&tree, path, "single", flags)?;
        self.attach(&code)
    }

    /// The flags of the `from __future__` imports of a code object.
    pub fn future_flags(code: &Bound<'py, PyAny>) -> i32 {
        code.getattr(intern!(code.py(), "co_flags"))
            .and_then(|flags| flags.extract::<i32>())
            .map_or(0, |flags| flags & FUTURE_FLAGS)
    }

    /// Puts the recorder where the placeholder is.
    fn attach(&self, code: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let constants = code
            .getattr(intern!(code.py(), "co_consts"))?
            .cast_into::<PyTuple>()?;
        let mut changed = false;
        let mut replaced = Vec::with_capacity(constants.len());
        for constant in constants.iter() {
            if let Ok(text) = constant.cast::<PyString>() {
                if text.to_cow().is_ok_and(|text| text == PLACEHOLDER) {
                    changed = true;
                    replaced.push(self.recorder.clone().into_any());
                    continue;
                }
            } else if constant.get_type().is(code.get_type()) {
                let inner = self.attach(&constant)?;
                changed |= !inner.is(&constant);
                replaced.push(inner);
                continue;
            }
            replaced.push(constant);
        }
        if !changed {
            return Ok(code.clone());
        }
        let arguments = PyDict::new(self.py());
        arguments.set_item("co_consts", PyTuple::new(self.py(), replaced)?)?;
        code.call_method("replace", (), Some(&arguments))
    }

    fn node(
        &self,
        name: &Bound<'py, PyString>,
        fields: &[(&Bound<'py, PyString>, Bound<'py, PyAny>)],
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = PyDict::new(self.py());
        for (field, value) in fields {
            arguments.set_item(field, value)?;
        }
        self.nodes.getattr(name)?.call((), Some(&arguments))
    }

    /// An expression or a statement that stands somewhere.
    fn node_at(
        &self,
        name: &Bound<'py, PyString>,
        fields: &[(&Bound<'py, PyString>, Bound<'py, PyAny>)],
        place: &Place<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = PyDict::new(self.py());
        for (field, value) in fields.iter().chain(&place.fields()) {
            arguments.set_item(field, value)?;
        }
        self.nodes.getattr(name)?.call((), Some(&arguments))
    }

    fn constant(
        &self,
        value: Bound<'py, PyAny>,
        place: &Place<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py();
        self.node_at(
            intern!(py, "Constant"),
            &[(intern!(py, "value"), value)],
            place,
        )
    }

    /// A call of one of the recorder's methods.
    fn call(
        &self,
        method: &str,
        number: u32,
        argument: Option<Bound<'py, PyAny>>,
        place: &Place<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py();
        let placeholder = intern!(py, PLACEHOLDER).clone().into_any();
        let function = self.node_at(
            intern!(py, "Attribute"),
            &[
                (intern!(py, "value"), self.constant(placeholder, place)?),
                (intern!(py, "attr"), PyString::intern(py, method).into_any()),
                (intern!(py, "ctx"), self.node(intern!(py, "Load"), &[])?),
            ],
            place,
        )?;
        let number = number.into_pyobject(py)?.into_any();
        let arguments = PyList::new(py, [self.constant(number, place)?])?;
        if let Some(argument) = argument {
            arguments.append(argument)?;
        }
        self.node_at(
            intern!(py, "Call"),
            &[
                (intern!(py, "func"), function),
                (intern!(py, "args"), arguments.into_any()),
                (intern!(py, "keywords"), PyList::empty(py).into_any()),
            ],
            place,
        )
    }

    /// Such a call as a statement.
    fn statement(
        &self,
        method: &str,
        number: u32,
        argument: Option<Bound<'py, PyAny>>,
        like: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py();
        let place = Place::of(like)?;
        let call = self.call(method, number, argument, &place)?;
        self.node_at(intern!(py, "Expr"), &[(intern!(py, "value"), call)], &place)
    }

    /// A call that changes nothing, so that what follows is no docstring.
    pub fn nothing(&self, like: &Bound<'py, PyAny>, done: usize) -> PyResult<Bound<'py, PyAny>> {
        self.statement("done", done as u32, None, like)
    }

    /// Makes the value of a bare expression known.
    pub fn wrap(&self, statement: &Bound<'py, PyAny>, probe: u32) -> PyResult<()> {
        let value = statement.getattr(intern!(statement.py(), "value"))?;
        let call = self.call("value", probe, Some(value), &Place::of(statement)?)?;
        statement.setattr("value", call)
    }

    /// Puts all of a unit's probes into its tree: its top-level statements.
    pub fn instrument(
        &self,
        tree: &Bound<'py, PyAny>,
        unit: &Unit,
        index: u32,
    ) -> PyResult<(Vec<Group<'py>>, Running)> {
        let body = tree.getattr("body")?.cast_into::<PyList>()?;
        let lines: Vec<&str> = unit.code.split('\n').collect();
        let mut blocks = Blocks {
            all: Vec::new(),
            lines: &lines,
        };
        // Without probes only the top level matters.
        blocks.add(&body, 0, u32::MAX, 0, !unit.probes.is_empty())?;
        let mut running = Running {
            unit: index,
            statements: blocks.all[0]
                .statements
                .iter()
                .map(|statement| statement.first)
                .collect(),
            ..Running::default()
        };
        for probe in &unit.probes {
            self.prepare(probe, &mut running)?;
            self.place(probe, &mut blocks)?;
        }
        let mut all = blocks.all.into_iter();
        let groups = match all.next() {
            Some(top) => self.groups(top)?,
            None => Vec::new(),
        };
        for block in all {
            for extra in block.extras.into_iter().rev() {
                block.list.insert(extra.index, extra.node)?;
            }
        }
        Ok((groups, running))
    }

    /// Compiles what a probe needs.
    fn prepare(&self, probe: &Probe, running: &mut Running) -> PyResult<()> {
        let prepared = match &probe.look {
            Look::Value | Look::Reach => return Ok(()),
            Look::State(expression) => {
                match self
                    .compile
                    .call1((expression.trim(), "<state>", "eval", 0, true))
                {
                    Ok(code) => Prepared::State(code.unbind()),
                    Err(error) => {
                        Prepared::Broken(describe::qualified_name(&error.get_type(self.py())))
                    }
                }
            }
            Look::Run(code) => {
                let line = match probe.at {
                    ProbePoint::AfterStatement { first_line, .. } => first_line,
                    ProbePoint::AtLine { line, .. } => line,
                };
                // So that its lines are those of the unit.
                let mut source = "\n".repeat(line.saturating_sub(1) as usize);
                source.push_str(code);
                Prepared::Run(source)
            }
        };
        running.probes.insert(probe.id, prepared);
        Ok(())
    }

    /// Puts a probe where it belongs; nowhere, if there is no such place.
    fn place(&self, probe: &Probe, blocks: &mut Blocks<'py, '_>) -> PyResult<()> {
        match (&probe.look, probe.at) {
            (
                Look::Value,
                ProbePoint::AfterStatement {
                    first_line,
                    last_line,
                },
            ) => {
                let Some((block, index)) = blocks.expression(first_line, last_line) else {
                    return Ok(());
                };
                let statement = &blocks.all[block].statements[index];
                if index < blocks.all[block].protected && statement.is_text {
                    // A docstring must stay one.
                    let text = statement
                        .node
                        .getattr(intern!(statement.node.py(), "value"))?
                        .getattr("value")?;
                    let text = self.constant(text, &Place::of(&statement.node)?)?;
                    let node = self.statement("value", probe.id, Some(text), &statement.node)?;
                    blocks.insert(block, index + 1, true, node);
                    return Ok(());
                }
                self.wrap(&statement.node, probe.id)
            }
            (Look::Value, ProbePoint::AtLine { .. }) => Ok(()),
            (look, at) => {
                let found = match at {
                    ProbePoint::AfterStatement {
                        first_line,
                        last_line,
                    } => blocks
                        .statement(first_line, last_line)
                        .map(|(block, index)| (block, index + 1, true)),
                    ProbePoint::AtLine { line, indent } => blocks
                        .gap(line, indent)
                        .map(|(block, index)| (block, index, false)),
                };
                let Some((block, index, behind)) = found else {
                    return Ok(());
                };
                let method = match look {
                    Look::State(_) => "state",
                    Look::Run(_) => "run",
                    Look::Value | Look::Reach => "reach",
                };
                let statements = &blocks.all[block].statements;
                let Some(like) = statements.get(index.min(statements.len().saturating_sub(1)))
                else {
                    // A module without a statement.
                    let pass = self
                        .parse("pass", "<nothing>", 0)?
                        .getattr("body")?
                        .get_item(0)?;
                    let node = self.statement(method, probe.id, None, &pass)?;
                    blocks.insert(block, 0, false, node);
                    return Ok(());
                };
                let node = self.statement(method, probe.id, None, &like.node)?;
                blocks.insert(block, index, behind, node);
                Ok(())
            }
        }
    }

    /// The top level, statement by statement, and a last group behind them.
    fn groups(&self, top: Block<'py>) -> PyResult<Vec<Group<'py>>> {
        let statements = top.statements.iter().map(|statement| Some(&statement.node));
        let mut groups: Vec<Group<'py>> = statements
            .chain([None])
            .map(|statement| Group {
                before: Vec::new(),
                statement: statement.cloned(),
                after: Vec::new(),
            })
            .collect();
        for extra in top.extras {
            match extra.index.checked_sub(1) {
                Some(previous) if extra.behind => groups[previous].after.push(extra.node),
                Some(_) | None => groups[extra.index].before.push(extra.node),
            }
        }
        for (index, statement) in top.statements.iter().enumerate() {
            // Nothing may stand before or between the imports from `__future__`.
            if index + 1 >= top.protected {
                let done = self.statement("done", index as u32, None, &statement.node)?;
                groups[index].after.push(done);
            }
        }
        Ok(groups)
    }
}

/// All lists of statements of a tree.
struct Blocks<'py, 'code> {
    all: Vec<Block<'py>>,
    lines: &'code [&'code str],
}

/// One list of statements.
struct Block<'py> {
    list: Bound<'py, PyList>,
    depth: u32,
    /// The lines that belong to it, those of comments included; the first is
    /// that of what opens it, the last one is no longer its own.
    start: u32,
    end: u32,
    indent: Option<u32>,
    statements: Vec<Statement<'py>>,
    /// Statements at its head that must stay first.
    protected: usize,
    /// What to insert, in order.
    extras: Vec<Extra<'py>>,
}

/// Something to insert.
struct Extra<'py> {
    /// Before which statement.
    index: usize,
    /// Whether it belongs to the statement before that place.
    behind: bool,
    node: Bound<'py, PyAny>,
}

struct Statement<'py> {
    node: Bound<'py, PyAny>,
    first: u32,
    last: u32,
    is_expression: bool,
    is_text: bool,
}

impl<'py> Blocks<'py, '_> {
    /// Adds a list, and those within it.
    fn add(
        &mut self,
        list: &Bound<'py, PyList>,
        start: u32,
        end: u32,
        depth: u32,
        deep: bool,
    ) -> PyResult<()> {
        let mut statements = Vec::with_capacity(list.len());
        let mut protected = 0;
        let mut prefix = true;
        for (index, node) in list.iter().enumerate() {
            let kind = node.get_type().name()?;
            let kind = kind.to_cow()?;
            let kind = kind.as_ref();
            let mut first: u32 = node.getattr(intern!(node.py(), "lineno"))?.extract()?;
            if matches!(kind, "FunctionDef" | "AsyncFunctionDef" | "ClassDef") {
                for decorator in node
                    .getattr(intern!(node.py(), "decorator_list"))?
                    .try_iter()?
                {
                    first = first.min(decorator?.getattr("lineno")?.extract()?);
                }
            }
            let is_expression = kind == "Expr";
            let is_text = is_expression && {
                let value = node.getattr(intern!(node.py(), "value"))?;
                value.get_type().name()? == "Constant"
                    && value
                        .getattr(intern!(value.py(), "value"))?
                        .is_instance_of::<PyString>()
            };
            prefix &= (index == 0 && is_text)
                || (kind == "ImportFrom"
                    && node
                        .getattr("module")?
                        .extract::<Option<String>>()?
                        .is_some_and(|module| module == "__future__"));
            if prefix {
                protected = index + 1;
            }
            statements.push(Statement {
                first,
                last: node.getattr(intern!(node.py(), "end_lineno"))?.extract()?,
                node,
                is_expression,
                is_text,
            });
        }
        let indent = match statements.first() {
            Some(statement) => Some(
                statement
                    .node
                    .getattr(intern!(statement.node.py(), "col_offset"))?
                    .extract()?,
            ),
            None => (depth == 0).then_some(0),
        };
        let children: Vec<_> = statements
            .iter()
            .enumerate()
            .map(|(index, statement)| {
                let end = statements.get(index + 1).map_or(end, |next| next.first);
                (statement.node.clone(), statement.first, end)
            })
            .collect();
        self.all.push(Block {
            list: list.clone(),
            depth,
            start,
            end,
            indent,
            statements,
            protected,
            extras: Vec::new(),
        });
        if deep {
            for (node, first, end) in children {
                self.add_within(&node, first, end, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Adds the lists within a statement that ends before line `end`.
    fn add_within(
        &mut self,
        node: &Bound<'py, PyAny>,
        first: u32,
        end: u32,
        depth: u32,
    ) -> PyResult<()> {
        let kind = node.get_type().name()?;
        if !matches!(
            kind.to_cow()?.as_ref(),
            "FunctionDef"
                | "AsyncFunctionDef"
                | "ClassDef"
                | "For"
                | "AsyncFor"
                | "While"
                | "If"
                | "With"
                | "AsyncWith"
                | "Try"
                | "TryStar"
                | "Match"
        ) {
            return Ok(());
        }
        let mut lists = Vec::new();
        let take = |owner: &Bound<'py, PyAny>, field: &str| -> Option<Bound<'py, PyList>> {
            let list = owner.getattr(field).ok()?.cast_into::<PyList>().ok()?;
            (!list.is_empty()).then_some(list)
        };
        lists.extend(take(node, "body"));
        for field in ["handlers", "cases"] {
            for part in take(node, field).into_iter().flatten() {
                lists.extend(take(&part, "body"));
            }
        }
        lists.extend(take(node, "orelse"));
        lists.extend(take(node, "finalbody"));
        let column: u32 = node.getattr(intern!(node.py(), "col_offset"))?.extract()?;
        let mut starts = vec![first];
        for pair in lists.windows(2) {
            let above = pair[0].get_item(pair[0].len() - 1)?;
            let below = pair[1].get_item(0)?;
            let from = above
                .getattr(intern!(above.py(), "end_lineno"))?
                .extract()?;
            let to = below.getattr(intern!(below.py(), "lineno"))?.extract()?;
            starts.push(self.keyword_line(from, to));
        }
        for (index, list) in lists.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(end);
            let head = list.get_item(0)?;
            let is_elif = list.len() == 1
                && head.get_type().name()? == "If"
                && head
                    .getattr(intern!(head.py(), "col_offset"))?
                    .extract::<u32>()?
                    == column;
            if is_elif {
                self.add_within(&head, starts[index], end, depth)?;
            } else {
                self.add(list, starts[index], end, depth, true)?;
            }
        }
        Ok(())
    }

    /// The line of the keyword that opens a block, between the last line of the
    /// one before it and its own first line.
    fn keyword_line(&self, from: u32, to: u32) -> u32 {
        (from..=to)
            .rev()
            .find(|line| {
                let text = self
                    .lines
                    .get(*line as usize - 1)
                    .map_or("", |text| text.trim_start());
                ["else", "elif", "except", "finally", "case"]
                    .iter()
                    .any(|keyword| text.starts_with(keyword))
            })
            .unwrap_or(to)
    }

    /// The innermost bare expression with these lines.
    fn expression(&self, first: u32, last: u32) -> Option<(usize, usize)> {
        self.matching(first, last)
            .filter(|(block, index)| self.all[*block].statements[*index].is_expression)
            .max_by_key(|(block, index)| (self.all[*block].depth, *index))
    }

    /// The outermost statement with these lines, the last of several.
    fn statement(&self, first: u32, last: u32) -> Option<(usize, usize)> {
        self.matching(first, last)
            .min_by_key(|(block, index)| (self.all[*block].depth, usize::MAX - *index))
    }

    fn matching(&self, first: u32, last: u32) -> impl Iterator<Item = (usize, usize)> {
        self.all.iter().enumerate().flat_map(move |(block, found)| {
            found
                .statements
                .iter()
                .enumerate()
                .filter(move |(_, statement)| (statement.first, statement.last) == (first, last))
                .map(move |(index, _)| (block, index))
        })
    }

    /// The place of a line that has no statement: a block, and the statement
    /// before which it lies.
    fn gap(&self, line: u32, indent: u32) -> Option<(usize, usize)> {
        let around =
            |block: &&Block<'py>| block.depth == 0 || (block.start < line && line < block.end);
        let rank = |block: &Block<'py>| {
            let own = block.indent.unwrap_or(0);
            // The block with just this indentation; else the nearest one further
            // out; the innermost of several.
            (
                own == indent,
                own < indent,
                if own < indent { own } else { u32::MAX - own },
                block.depth,
            )
        };
        let (block, found) = self
            .all
            .iter()
            .enumerate()
            .filter(|(_, block)| around(block))
            .max_by_key(|(_, block)| rank(block))?;
        let index = found
            .statements
            .iter()
            .position(|statement| statement.first >= line)
            .unwrap_or(found.statements.len());
        Some((block, index))
    }

    fn insert(&mut self, block: usize, index: usize, behind: bool, node: Bound<'py, PyAny>) {
        let block = &mut self.all[block];
        block.extras.push(Extra {
            index: index.max(block.protected),
            behind,
            node,
        });
        block
            .extras
            .sort_by_key(|extra| (extra.index, !extra.behind));
    }
}
