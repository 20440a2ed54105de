//! Values as Python prints them, and the same with something changed.

use proptest::prelude::*;

/// Numbers, strings in containers, containers.
pub fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (10i64..100_000).prop_map(|n| n.to_string()),
        (-9_999i64..-9).prop_map(|n| n.to_string()),
        (1u32..999, 11u32..99).prop_map(|(whole, part)| format!("{whole}.{part}")),
        "[a-z]{2,8}[0-9]{2}".prop_map(|text| format!("'{text}'")),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner.clone(), 2..5)
                .prop_map(|items| format!("({})", items.join(", "))),
            prop::collection::vec(("[a-z]{1,6}", inner), 1..4).prop_map(|entries| {
                let mut keys: Vec<String> = Vec::new();
                let mut parts = Vec::new();
                for (key, value) in entries {
                    if !keys.contains(&key) {
                        parts.push(format!("'{key}': {value}"));
                        keys.push(key);
                    }
                }
                format!("{{{}}}", parts.join(", "))
            }),
        ]
    })
}

/// `text` with one of its digits changed.
pub fn with_changed_digit(text: &str, which: usize) -> String {
    let digits: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| c.is_ascii_digit())
        .map(|(at, _)| at)
        .collect();
    let at = digits[which % digits.len()];
    let digit = text.as_bytes()[at] - b'0';
    // Neither a leading zero nor a dropped minus sign.
    let other = if digit == 9 { 1 } else { digit + 1 };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}
