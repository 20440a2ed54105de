//! Which names a piece of Python binds, and which it needs from elsewhere.
//!
//! The rules are those of Python's scopes: functions and lambdas are evaluated
//! later and see the module's names, class bodies and comprehensions are
//! evaluated at once. A function is taken to run when code that runs mentions
//! its name; methods alike, by their name alone, and special methods when their
//! class is mentioned. What `exec` and star imports bind is not guessed: they
//! only say that anything might be bound.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, ExprCall, ExprContext, Parameters, Pattern, Stmt,
    StmtFunctionDef, TypeParam, TypeParams,
};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::builtins::is_builtin;
use super::{LineIndex, nesting};
use crate::position::LineSpan;

/// The names of a piece of Python.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// What it binds at module level and leaves bound.
    pub bound: BTreeSet<String>,
    /// What it uses without binding it first, functions' bodies included;
    /// builtins are not among them.
    pub free: BTreeSet<String>,
    /// Those of `free` that it evaluates when it runs, outside any `try`: it
    /// cannot run without them. In order of use.
    pub needed: Vec<String>,
    /// Those of `free` that it calls, and that are no modules therefore.
    pub called: BTreeSet<String>,
    /// Those of `bound` that are modules: the last to bind them is `import m`.
    pub modules: BTreeSet<String>,
    /// Whether it may bind names that cannot be told: `from m import *`, `exec`,
    /// writing to `globals()`.
    pub binds_unknown: bool,
}

impl Names {
    pub(super) fn of(body: &[Stmt]) -> Self {
        let mut walk = Walk::default();
        walk.functions.push(Function::default());
        walk.visit_body(body);
        walk.finish()
    }
}

/// The names of each statement outside every body, on its own, with its lines.
/// Empty where the code is nested too deeply to be read.
pub fn by_statement(code: &str) -> Vec<(LineSpan, Names)> {
    let read = || {
        let parsed = parse_unchecked(code, ParseOptions::from(Mode::Module));
        let index = LineIndex::new(code);
        let body = &parsed
            .syntax()
            .as_module()
            .expect("a module is what was asked for")
            .body;
        body.iter()
            .map(|statement| {
                let span = LineSpan {
                    first: index.line(statement.start().to_usize()),
                    last: index.line(statement.end().to_usize()),
                };
                (span, Names::of(std::slice::from_ref(statement)))
            })
            .collect()
    };
    nesting::with_stack_for(code, read).unwrap_or_default()
}

/// Whether a text has the name in it, as a word.
pub fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        let outside = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        outside(before) && outside(after)
    })
}

/// A function, or the module itself as the first.
#[derive(Default)]
struct Function {
    /// The name under which it is known, and the class that it is a method of.
    name: String,
    class: Option<String>,
    /// Module names that its body uses, and whether each use stands in a `try`.
    uses: Vec<(String, bool)>,
    /// All names and attributes that its body mentions.
    mentions: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    Function,
    Class,
    Comprehension,
}

/// A scope below the module's.
struct Scope {
    kind: ScopeKind,
    bound: BTreeSet<String>,
    /// Names that `global` sends to the module.
    global: BTreeSet<String>,
}

#[derive(Default)]
struct Walk {
    /// What the module has bound so far, or ever.
    bound: BTreeSet<String>,
    /// Those of `bound` that `import m` bound last.
    modules: BTreeSet<String>,
    deleted: BTreeSet<String>,
    /// Names that are called anywhere.
    called: BTreeSet<String>,
    /// What functions bind through `global` when they run.
    bound_by_functions: BTreeSet<String>,
    scopes: Vec<Scope>,
    functions: Vec<Function>,
    /// Indices of the functions around the place, innermost last; the module's
    /// own index, 0, is implied.
    within: Vec<usize>,
    class: Option<String>,
    guarded: bool,
    binds_unknown: bool,
}

impl Walk {
    fn finish(self) -> Names {
        let mut free = BTreeSet::new();
        for (index, function) in self.functions.iter().enumerate() {
            for (name, _) in &function.uses {
                // What a function uses may be bound after it, before it runs.
                let bound_later = index > 0
                    && (self.bound.contains(name) || self.bound_by_functions.contains(name));
                if !bound_later {
                    free.insert(name.clone());
                }
            }
        }

        let mut needed = Vec::new();
        let mut listed = BTreeSet::new();
        for index in self.running() {
            for (name, guarded) in &self.functions[index].uses {
                if !guarded && free.contains(name) && listed.insert(name) {
                    needed.push(name.clone());
                }
            }
        }
        let mut bound = self.bound;
        bound.extend(self.bound_by_functions);
        for name in &self.deleted {
            bound.remove(name);
        }
        Names {
            called: self.called.intersection(&free).cloned().collect(),
            modules: self.modules.intersection(&bound).cloned().collect(),
            bound,
            free,
            needed,
            binds_unknown: self.binds_unknown,
        }
    }

    /// The functions that run when the module does, the module first.
    fn running(&self) -> Vec<usize> {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut special: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, function) in self.functions.iter().enumerate().skip(1) {
            by_name.entry(&function.name).or_default().push(index);
            if let Some(class) = &function.class
                && function.name.starts_with("__")
            {
                special.entry(class).or_default().push(index);
            }
        }
        let mut seen = vec![false; self.functions.len()];
        seen[0] = true;
        let mut order = vec![0];
        let mut next = 0;
        while next < order.len() {
            for mention in &self.functions[order[next]].mentions {
                let by_name = by_name.get(mention.as_str()).into_iter().flatten();
                let special = special.get(mention.as_str()).into_iter().flatten();
                for &index in by_name.chain(special) {
                    if !seen[index] {
                        seen[index] = true;
                        order.push(index);
                    }
                }
            }
            next += 1;
        }
        order
    }

    fn current(&mut self) -> &mut Function {
        let index = self.within.last().copied().unwrap_or(0);
        &mut self.functions[index]
    }

    fn mention(&mut self, name: &str) {
        let mentions = &mut self.current().mentions;
        if !mentions.contains(name) {
            mentions.insert(name.to_owned());
        }
    }

    fn use_name(&mut self, name: &str) {
        self.mention(name);
        if is_builtin(name) {
            return;
        }
        let innermost = self.scopes.len();
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            if scope.global.contains(name) {
                break;
            }
            // A class's names are seen by its own body, and by a comprehension
            // there, but not by its methods.
            let visible = scope.kind != ScopeKind::Class
                || self.scopes[depth + 1..innermost]
                    .iter()
                    .all(|inner| inner.kind == ScopeKind::Comprehension);
            if visible && scope.bound.contains(name) {
                return;
            }
        }
        let module_level = self.within.is_empty();
        if module_level && self.bound.contains(name) {
            return;
        }
        let guarded = self.guarded;
        self.current().uses.push((name.to_owned(), guarded));
    }

    fn bind(&mut self, name: &str) {
        // A walrus in a comprehension binds outside of it.
        let scope = self
            .scopes
            .iter_mut()
            .rev()
            .find(|scope| scope.kind != ScopeKind::Comprehension);
        match scope {
            Some(scope) if !scope.global.contains(name) => {
                scope.bound.insert(name.to_owned());
            }
            Some(_) if !self.within.is_empty() => {
                self.bound_by_functions.insert(name.to_owned());
            }
            Some(_) | None => {
                self.deleted.remove(name);
                self.modules.remove(name);
                self.bound.insert(name.to_owned());
            }
        }
    }

    fn bind_target(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => self.bind(&name.id),
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .for_each(|element| self.bind_target(element)),
            Expr::List(list) => list
                .elts
                .iter()
                .for_each(|element| self.bind_target(element)),
            Expr::Starred(starred) => self.bind_target(&starred.value),
            _ => {}
        }
    }

    fn in_scope(&mut self, kind: ScopeKind, work: impl FnOnce(&mut Self)) {
        self.scopes.push(Scope {
            kind,
            bound: BTreeSet::new(),
            global: BTreeSet::new(),
        });
        work(self);
        self.scopes.pop();
    }

    /// Walks a body that runs when the function is called.
    fn in_function(&mut self, name: &str, work: impl FnOnce(&mut Self)) {
        let function = Function {
            name: name.to_owned(),
            class: self.class.take(),
            ..Function::default()
        };
        let class = function.class.clone();
        let guarded = std::mem::take(&mut self.guarded);
        self.within.push(self.functions.len());
        self.functions.push(function);
        self.in_scope(ScopeKind::Function, work);
        self.within.pop();
        self.guarded = guarded;
        self.class = class;
    }

    fn bind_parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters {
            self.bind(parameter.name());
        }
    }

    fn bind_type_params(&mut self, type_params: Option<&TypeParams>) {
        for param in type_params.into_iter().flat_map(|params| params.iter()) {
            let name = match param {
                TypeParam::TypeVar(variable) => &variable.name,
                TypeParam::TypeVarTuple(variable) => &variable.name,
                TypeParam::ParamSpec(variable) => &variable.name,
            };
            self.bind(name);
        }
    }

    fn function(&mut self, function: &StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        // Type parameters are in scope in the annotations and in the body.
        self.in_scope(ScopeKind::Comprehension, |walk| {
            if let Some(scope) = walk.scopes.last_mut() {
                scope.bound = type_param_names(function.type_params.as_deref());
            }
            walk.visit_parameters(&function.parameters);
            if let Some(returns) = &function.returns {
                walk.visit_annotation(returns);
            }
        });
        self.bind(&function.name);
        self.in_function(&function.name, |walk| {
            walk.bind_type_params(function.type_params.as_deref());
            walk.bind_parameters(&function.parameters);
            collect_bindings(walk, &function.body);
            walk.visit_body(&function.body);
        });
    }
}

fn type_param_names(type_params: Option<&TypeParams>) -> BTreeSet<String> {
    type_params
        .into_iter()
        .flat_map(|params| params.iter())
        .map(|param| match param {
            TypeParam::TypeVar(variable) => variable.name.to_string(),
            TypeParam::TypeVarTuple(variable) => variable.name.to_string(),
            TypeParam::ParamSpec(variable) => variable.name.to_string(),
        })
        .collect()
}

impl<'a> Visitor<'a> for Walk {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                let outer = self.class.replace(class.name.to_string());
                self.in_scope(ScopeKind::Class, |walk| {
                    walk.bind_type_params(class.type_params.as_deref());
                    if let Some(arguments) = &class.arguments {
                        walk.visit_arguments(arguments);
                    }
                    for name in ["__module__", "__qualname__"] {
                        walk.bind(name);
                    }
                    walk.visit_body(&class.body);
                });
                self.class = outer;
                self.bind(&class.name);
            }
            Stmt::AugAssign(assign) => {
                self.visit_expr(&assign.value);
                if let Expr::Name(name) = &*assign.target {
                    self.use_name(&name.id);
                }
                self.visit_expr(&assign.target);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
                // Annotations of a function's own variables are not evaluated.
                let in_function = self
                    .scopes
                    .last()
                    .is_some_and(|scope| scope.kind == ScopeKind::Function);
                if !in_function {
                    self.visit_annotation(&assign.annotation);
                }
                if assign.value.is_some() || !assign.target.is_name_expr() {
                    self.visit_expr(&assign.target);
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = match &alias.asname {
                        Some(asname) => asname.as_str(),
                        None => alias.name.split('.').next().unwrap_or_default(),
                    };
                    self.bind(name);
                    if self.scopes.is_empty() {
                        self.modules.insert(name.to_owned());
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.binds_unknown = true;
                    } else {
                        self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                    }
                }
            }
            Stmt::Global(global) => {
                for name in &global.names {
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.bound.remove(name.as_str());
                        scope.global.insert(name.to_string());
                    }
                }
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    match target {
                        Expr::Name(name) => {
                            self.use_name(&name.id);
                            if self.scopes.is_empty() {
                                self.deleted.insert(name.id.to_string());
                            }
                        }
                        _ => self.visit_expr(target),
                    }
                }
            }
            Stmt::TypeAlias(alias) => {
                // Its value is evaluated lazily, if ever.
                self.bind_target(&alias.name);
                self.in_function("", |walk| {
                    walk.bind_type_params(alias.type_params.as_deref());
                    walk.visit_expr(&alias.value);
                });
            }
            Stmt::Try(attempt) => {
                let outside = self.guarded;
                self.guarded |= !attempt.handlers.is_empty();
                self.visit_body(&attempt.body);
                self.guarded = outside;
                for handler in &attempt.handlers {
                    self.visit_except_handler(handler);
                }
                self.visit_body(&attempt.orelse);
                self.visit_body(&attempt.finalbody);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(handler) = handler;
        if let Some(kind) = &handler.type_ {
            self.visit_expr(kind);
        }
        if let Some(name) = &handler.name {
            self.bind(name);
        }
        // Which handler runs cannot be told: what it needs may not be needed.
        let outside = std::mem::replace(&mut self.guarded, true);
        self.visit_body(&handler.body);
        self.guarded = outside;
        if let Some(name) = &handler.name
            && self.scopes.is_empty()
        {
            self.deleted.insert(name.to_string());
        }
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.visit_annotation(annotation);
            }
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => match name.ctx {
                ExprContext::Store => self.bind(&name.id),
                ExprContext::Load | ExprContext::Del | ExprContext::Invalid => {
                    self.use_name(&name.id);
                }
            },
            Expr::Subscript(subscript)
                if subscript.ctx == ExprContext::Store && is_namespace(&subscript.value) =>
            {
                self.binds_unknown = true;
                visitor::walk_expr(self, expression);
            }
            Expr::Attribute(attribute) => {
                self.mention(&attribute.attr);
                self.visit_expr(&attribute.value);
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                // Whether anybody calls it cannot be told: its body is like a
                // function's that nobody mentions.
                self.in_function("", |walk| {
                    if let Some(parameters) = &lambda.parameters {
                        walk.bind_parameters(parameters);
                    }
                    walk.visit_expr(&lambda.body);
                });
            }
            Expr::ListComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::Generator(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::DictComp(comp) => {
                let key = comp.key.as_deref();
                let elements: Vec<&Expr> = key.into_iter().chain([&*comp.value]).collect();
                self.comprehension(&comp.generators, &elements);
            }
            Expr::Call(call) => {
                if let Expr::Name(name) = &*call.func {
                    self.called.insert(name.id.to_string());
                }
                self.binds_unknown |= may_bind_anything(call);
                visitor::walk_expr(self, expression);
            }
            _ => visitor::walk_expr(self, expression),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.bind(name);
                }
            }
            Pattern::MatchAs(capture) => {
                if let Some(name) = &capture.name {
                    self.bind(name);
                }
            }
            Pattern::MatchMapping(mapping) => {
                if let Some(name) = &mapping.rest {
                    self.bind(name);
                }
            }
            Pattern::MatchValue(_)
            | Pattern::MatchSingleton(_)
            | Pattern::MatchSequence(_)
            | Pattern::MatchClass(_)
            | Pattern::MatchOr(_) => {}
        }
        visitor::walk_pattern(self, pattern);
    }
}

impl Walk {
    fn comprehension(&mut self, generators: &[Comprehension], elements: &[&Expr]) {
        self.in_scope(ScopeKind::Comprehension, |walk| {
            for generator in generators {
                walk.visit_expr(&generator.iter);
                walk.bind_in_comprehension(&generator.target);
                for condition in &generator.ifs {
                    walk.visit_expr(condition);
                }
            }
            for element in elements {
                walk.visit_expr(element);
            }
        });
    }

    fn bind_in_comprehension(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.bound.insert(name.id.to_string());
                }
            }
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.bind_in_comprehension(element);
                }
            }
            Expr::List(list) => {
                for element in &list.elts {
                    self.bind_in_comprehension(element);
                }
            }
            Expr::Starred(starred) => self.bind_in_comprehension(&starred.value),
            _ => self.visit_expr(target),
        }
    }
}

/// Whether a call can bind names that cannot be told: `exec(…)`,
/// `globals().update(…)`, or one of the guide's own that is handed `globals()`.
fn may_bind_anything(call: &ExprCall) -> bool {
    match &*call.func {
        Expr::Name(name) if name.id == "exec" => return true,
        Expr::Attribute(attribute) if is_namespace(&attribute.value) => {
            return matches!(attribute.attr.as_str(), "update" | "setdefault");
        }
        _ => {}
    }
    // Builtins only read it.
    let reads = call
        .func
        .as_name_expr()
        .is_some_and(|name| is_builtin(&name.id));
    !reads && call.arguments.args.iter().any(is_namespace)
}

/// Whether an expression is the module's namespace: `globals()`, `vars()`, or
/// `locals()`.
fn is_namespace(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else {
        return false;
    };
    let name = call.func.as_name_expr();
    name.is_some_and(|name| matches!(name.id.as_str(), "globals" | "vars" | "locals"))
        && call.arguments.is_empty()
}

/// Binds in the current function scope what its body binds anywhere, for a name
/// that a function assigns to is its own from its first line on.
fn collect_bindings(walk: &mut Walk, body: &[Stmt]) {
    struct Collector<'w>(&'w mut Walk);
    impl<'a> Visitor<'a> for Collector<'_> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::FunctionDef(function) => self.0.bind(&function.name),
                Stmt::ClassDef(class) => self.0.bind(&class.name),
                Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::Global(_) => {
                    self.0.visit_stmt(statement);
                }
                _ => visitor::walk_stmt(self, statement),
            }
        }
        fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
            let ExceptHandler::ExceptHandler(inner) = handler;
            if let Some(name) = &inner.name {
                self.0.bind(name);
            }
            visitor::walk_except_handler(self, handler);
        }
        fn visit_expr(&mut self, expression: &'a Expr) {
            match expression {
                Expr::Name(name) if name.ctx == ExprContext::Store => self.0.bind(&name.id),
                Expr::Lambda(_)
                | Expr::ListComp(_)
                | Expr::SetComp(_)
                | Expr::DictComp(_)
                | Expr::Generator(_) => {}
                _ => visitor::walk_expr(self, expression),
            }
        }
        fn visit_pattern(&mut self, pattern: &'a Pattern) {
            let name = match pattern {
                Pattern::MatchStar(star) => star.name.as_ref(),
                Pattern::MatchAs(capture) => capture.name.as_ref(),
                Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
                Pattern::MatchValue(_)
                | Pattern::MatchSingleton(_)
                | Pattern::MatchSequence(_)
                | Pattern::MatchClass(_)
                | Pattern::MatchOr(_) => None,
            };
            if let Some(name) = name {
                self.0.bind(name);
            }
            visitor::walk_pattern(self, pattern);
        }
    }
    Collector(walk).visit_body(body);
}
