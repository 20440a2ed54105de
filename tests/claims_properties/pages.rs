//! In every format, and in every notation that shows an output outside comments
//! or inside them: what repeats the output holds, and a changed digit is wrong.

use proptest::prelude::*;

use trueprint::document::Format;
use trueprint::verdict::Verdict;

use crate::judging::{Does, check_page};
use crate::values::{value, with_changed_digit};

/// Pages that show what `print(6 * 7)` prints.
const PRINTED: &[(Format, &str)] = &[
    (Format::Markdown, "```python\nprint(6 * 7)  # {}\n```\n"),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n```\n\n```text\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n```\n\n```output\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "```py\nprint(6 * 7)\n```\n\nOutput:\n\n```\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n```\n\n**Output**\n\n```bash\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "~~~python\nprint(6 * 7)\n~~~\n\nThis prints:\n\n    {}\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n```\n\nOutput: `{}`\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n```\n\nOutput:\n`{}`\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n```\n\n```console\n$ python page.py\n{}\n```\n",
    ),
    (Format::Markdown, "```pycon\n>>> print(6 * 7)\n{}\n```\n"),
    (
        Format::Markdown,
        "```python\n>>> print(6 * 7)\n{}\n>>> x = 1\n```\n",
    ),
    (
        Format::Markdown,
        "```ipython\nIn [1]: print(6 * 7)\n{}\n```\n",
    ),
    (Format::Markdown, "    >>> print(6 * 7)\n    {}\n"),
    (
        Format::Markdown,
        "> - ```pycon\n>   >>> print(6 * 7)\n>   {}\n>   ```\n",
    ),
    (
        Format::Markdown,
        "=== \"Tab\"\n\n    ```python\n    print(6 * 7)  # {}\n    ```\n",
    ),
    (
        Format::Markdown,
        "!!! note\n\n    ```pycon\n    >>> print(6 * 7)\n    {}\n    ```\n",
    ),
    (
        Format::Markdown,
        "```{code-cell} ipython3\n:tags: [x]\n\nprint(6 * 7)  # {}\n```\n",
    ),
    (
        Format::Markdown,
        "```{doctest}\n>>> print(6 * 7)\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "```{testcode}\nprint(6 * 7)\n```\n\n```{testoutput}\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "```{python}\n#| echo: true\nprint(6 * 7)  # {}\n```\n",
    ),
    (
        Format::Markdown,
        "```{.python .cell-code}\nprint(6 * 7)\n```\n\n::: {.cell-output .cell-output-stdout}\n```\n{}\n```\n:::\n",
    ),
    (
        Format::Markdown,
        "<pre><code class=\"language-python\">print(6 * 7)  # {}\n</code></pre>\n",
    ),
    (
        Format::ReStructuredText,
        ".. code-block:: python\n   :linenos:\n\n   print(6 * 7)  # {}\n",
    ),
    (Format::ReStructuredText, "Words.\n\n>>> print(6 * 7)\n{}\n"),
    (
        Format::ReStructuredText,
        ".. testcode::\n\n   print(6 * 7)\n\n.. testoutput::\n\n   {}\n",
    ),
    (
        Format::ReStructuredText,
        ".. doctest::\n   :hide:\n\n   >>> print(6 * 7)\n   {}\n",
    ),
    (
        Format::ReStructuredText,
        "Code::\n\n    print(6 * 7)\n\nOutput::\n\n    {}\n",
    ),
    (
        Format::ReStructuredText,
        ".. ipython::\n\n   In [1]: print(6 * 7)\n   {}\n",
    ),
    (
        Format::ReStructuredText,
        ".. code-block:: python\n\n   print(6 * 7)\n\nOutput:\n\n.. code-block:: text\n\n   {}\n",
    ),
    (
        Format::AsciiDoc,
        "[source,python]\n----\nprint(6 * 7)  # {}\n----\n",
    ),
    (
        Format::AsciiDoc,
        "[,python]\n----\nprint(6 * 7) <1>\n----\n<1> Words.\n\n.Output\n----\n{}\n----\n",
    ),
    (
        Format::AsciiDoc,
        "[source,python]\n--\nprint(6 * 7)\n--\n\nOutput:\n\n....\n{}\n....\n",
    ),
    (
        Format::AsciiDoc,
        "[source,pycon]\n----\n>>> print(6 * 7)  # <1>\n{} <2>\n----\n",
    ),
    (
        Format::Html,
        "<div class=\"highlight-python\"><pre><span></span><span class=\"nb\">print</span>(6 * 7)  # {}\n</pre></div>",
    ),
    (
        Format::Html,
        "<pre class=\"python\">print(6 * 7)</pre><p>Output:</p><pre>{}</pre>",
    ),
    (
        Format::Html,
        "<pre><span class=\"gp\">&gt;&gt;&gt; </span>print(6 * 7)\n<span class=\"go\">{}</span>\n</pre>",
    ),
    (
        Format::Notebook,
        r#"{"cells": [{"cell_type": "code", "source": "print(6 * 7)", "outputs": [{"output_type": "stream", "name": "stdout", "text": ["{}\n"]}]}]}"#,
    ),
    (
        Format::Notebook,
        r#"{"cells": [{"cell_type": "code", "source": ["print(6 * 7)  # {}"], "outputs": []}]}"#,
    ),
    (
        Format::Python,
        "def f():\n    \"\"\"Words.\n\n    >>> print(6 * 7)\n    {}\n    \"\"\"\n",
    ),
    (
        Format::Python,
        "\"\"\"Words.\n\n```python\nprint(6 * 7)  # {}\n```\n\"\"\"\n",
    ),
    (
        Format::Python,
        "# %% A cell\nprint(6 * 7)  # {}\n# %%\nx = 1\n",
    ),
    (
        Format::PlainText,
        "Some words first.\n\nprint(6 * 7)  # {}\n\nAnd some below.\n",
    ),
    (
        Format::PlainText,
        "Some words first.\n\n>>> print(6 * 7)\n{}\n\nAnd some below.\n",
    ),
];

/// Pages that show what `6 * 7` gives.
const GIVEN: &[(Format, &str)] = &[
    (Format::Markdown, "```python\n6 * 7  # {}\n```\n"),
    (Format::Markdown, "```python\n6 * 7\n# => {}\n```\n"),
    (Format::Markdown, "```pycon\n>>> 6 * 7\n{}\n```\n"),
    (
        Format::Markdown,
        "```ipython\nIn [1]: 6 * 7\nOut[1]: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\n6 * 7\n```\n\nOutput:\n\n```\n{}\n```\n",
    ),
    (
        Format::Markdown,
        "```{.python .cell-code}\n6 * 7\n```\n\n::: {.cell-output .cell-output-display execution_count=1}\n```\n{}\n```\n:::\n",
    ),
    (
        Format::Notebook,
        r#"{"cells": [{"cell_type": "code", "source": "6 * 7", "outputs": [{"output_type": "execute_result", "data": {"text/plain": ["{}"], "text/html": ["<b>x</b>"]}}]}]}"#,
    ),
    (
        Format::Notebook,
        r#"{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["6 * 7"], "outputs": [{"output_type": "pyout", "text": ["{}"]}]}]}]}"#,
    ),
    (Format::ReStructuredText, ">>> 6 * 7\n{}\n"),
    (
        Format::Python,
        "class A:\n    \"\"\"Words.\n\n    >>> 6 * 7\n    {}\n    \"\"\"\n",
    ),
];

/// Pages that show `ValueError: {}` raised by `6 * 7`.
const RAISED: &[(Format, &str)] = &[
    (
        Format::Markdown,
        "```python\n6 * 7  # ValueError: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)  # raises ValueError: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\nprint(6 * 7)\n# => ValueError: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\n# Raises ValueError: {}\nprint(6 * 7)\n```\n",
    ),
    (
        Format::Markdown,
        "```pycon\n>>> 6 * 7\nTraceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\nValueError: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```pycon\n>>> 6 * 7\nTraceback (most recent call last):\n    ...\nValueError: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```pycon\n>>> 6 * 7\nValueError: {}\n```\n",
    ),
    (
        Format::Markdown,
        "```python\n6 * 7\n```\n\nOutput:\n\n```\nTraceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nValueError: {}\n```\n",
    ),
    (
        Format::ReStructuredText,
        ".. doctest::\n\n   >>> 6 * 7\n   Traceback (most recent call last):\n     ...\n   ValueError: {}\n",
    ),
    (
        Format::Notebook,
        r#"{"cells": [{"cell_type": "code", "source": "6 * 7", "outputs": [{"output_type": "error", "ename": "ValueError", "evalue": "{}", "traceback": []}]}]}"#,
    ),
];

/// The pages whose claim gets another verdict than `wanted`.
fn faults(
    pages: &[(Format, &str)],
    claimed: &str,
    does: &Does<'_>,
    wanted: Verdict,
) -> Vec<String> {
    let fault = |(format, page): &(Format, &str)| {
        let page = page.replace("{}", claimed);
        let verdict = check_page(*format, &page, does);
        let name = format.name();
        (verdict != Some(wanted)).then(|| format!("{verdict:?}, not {wanted:?}: {name}\n{page}"))
    };
    pages.iter().filter_map(fault).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn in_every_format_what_repeats_the_output_holds(shown in value()) {
        let mut faults = faults(PRINTED, &shown, &Does::Prints(&shown), Verdict::Holds);
        faults.extend(self::faults(GIVEN, &shown, &Does::Gives(&shown), Verdict::Holds));
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn in_every_format_a_changed_digit_is_wrong(shown in value(), which in any::<usize>()) {
        let claimed = with_changed_digit(&shown, which);
        let mut faults = faults(PRINTED, &claimed, &Does::Prints(&shown), Verdict::Wrong);
        faults.extend(self::faults(GIVEN, &claimed, &Does::Gives(&shown), Verdict::Wrong));
        prop_assert!(faults.is_empty(), "{} for {}", faults.join("\n"), shown);
    }

    #[test]
    fn in_every_format_an_exception_is_that_one(
        message in "[a-z]{3,8}( [a-z]{3,8}){0,2} [0-9]{2}",
        which in any::<usize>(),
    ) {
        let other = with_changed_digit(&message, which);
        let raised = Does::Raises("ValueError", &message);
        let other_type = Does::Raises("TypeError", &message);
        let mut faults = faults(RAISED, &message, &raised, Verdict::Holds);
        faults.extend(self::faults(RAISED, &other, &raised, Verdict::Wrong));
        faults.extend(self::faults(RAISED, &message, &other_type, Verdict::Wrong));
        faults.extend(self::faults(RAISED, &message, &Does::Gives("None"), Verdict::Wrong));
        prop_assert!(faults.is_empty(), "{} for {}", faults.join("\n"), message);
    }
}
