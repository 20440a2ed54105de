//! The rules by which a claim is found to hold, or not.

use serde::{Deserialize, Serialize};

/// Why a claim has its verdict. The names are documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rule {
    /// Equal, trailing blanks aside.
    Equal,
    /// A string shown with quotes, or without them.
    Quoted,
    /// Equal Python literals of the same types.
    LiteralEqual,
    /// Equal as sets or dictionaries, in another order.
    SetEqual,
    /// `print(a, b)` shown as a tuple.
    TupleShown,
    /// Equal when the lines are joined: a long value broken over several.
    Wrapped,
    /// What several passes wrote, in one line.
    Joined,
    /// What each of several passes wrote.
    EachPass,
    /// Equal where nothing is left out.
    Ellipsis,
    /// The value, then a remark.
    Gloss,
    /// One of several values that the claim offers.
    Alternative,
    /// The value at the end of a derivation.
    Derivation,
    /// Nothing is printed.
    Silence,
    /// The names hold what the comment says.
    State,
    /// What is printed and what is returned.
    PrintedAndReturned,
    /// An exception, its type not named.
    AnyException,
    /// An exception of the type that is named.
    ExceptionType,
    /// An exception of the type and with the message that are named.
    ExceptionMessage,
    /// The lines are indented otherwise.
    Indentation,
    /// The statement's own output, without that of what it called.
    OwnOutput,
    /// Every digit that is written is right.
    Rounding,
    /// Within what the claim's own words allow.
    Approximate,
    /// Classes and functions by their names, where Python shows more.
    ShortNames,
    /// Addresses and temporary paths, which no run repeats.
    Address,
    /// The message goes on after what is claimed.
    MessagePrefix,
    /// The value without the label that is printed before it.
    LabelDropped,
    /// The first line of several.
    FirstLine,
    /// In other words, with every value right.
    Paraphrase,
    /// Of the same form as the example that the claim gives.
    Example,
    /// Forgiven by an expectations file.
    Documented,
    /// Something else was seen.
    Different,
    /// Nothing was printed, and no value was there to see.
    NothingSeen,
    /// It prints something where the claim says that nothing is.
    NotSilent,
    /// Nothing was raised where the claim says so.
    NotRaised,
    /// Another exception was raised.
    OtherException,
    /// An exception was raised before anything could be seen.
    Raised,
    /// It differs from run to run.
    Varies,
    /// It shows the time or the date of the run.
    Clock,
    /// The statement never ran.
    Unreached,
    /// It could not be judged.
    Skipped,
    /// The comment lost its text.
    Blank,
}

impl Rule {
    /// The name in reports and in the documentation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Quoted => "quoted",
            Self::LiteralEqual => "literal-equal",
            Self::SetEqual => "set-equal",
            Self::TupleShown => "tuple-shown",
            Self::Wrapped => "wrapped",
            Self::Joined => "joined",
            Self::EachPass => "each-pass",
            Self::Ellipsis => "ellipsis",
            Self::Gloss => "gloss",
            Self::Alternative => "alternative",
            Self::Derivation => "derivation",
            Self::Silence => "silence",
            Self::State => "state",
            Self::PrintedAndReturned => "printed-and-returned",
            Self::AnyException => "any-exception",
            Self::ExceptionType => "exception-type",
            Self::ExceptionMessage => "exception-message",
            Self::Indentation => "indentation",
            Self::OwnOutput => "own-output",
            Self::Rounding => "rounding",
            Self::Approximate => "approximate",
            Self::ShortNames => "short-names",
            Self::Address => "address",
            Self::MessagePrefix => "message-prefix",
            Self::LabelDropped => "label-dropped",
            Self::FirstLine => "first-line",
            Self::Paraphrase => "paraphrase",
            Self::Example => "example",
            Self::Documented => "documented",
            Self::Different => "different",
            Self::NothingSeen => "nothing-seen",
            Self::NotSilent => "not-silent",
            Self::NotRaised => "not-raised",
            Self::OtherException => "other-exception",
            Self::Raised => "raised",
            Self::Varies => "varies",
            Self::Clock => "clock",
            Self::Unreached => "unreached",
            Self::Skipped => "skipped",
            Self::Blank => "blank",
        }
    }

    /// What it forgave, in words, where it is a tolerance.
    pub fn forgives(self) -> Option<&'static str> {
        match self {
            Self::Indentation => Some("the lines are indented otherwise"),
            Self::OwnOutput => Some("what it called prints more"),
            Self::Rounding => Some("rounded: every digit that is written is right"),
            Self::Approximate => Some("within what the comment's own words allow"),
            Self::ShortNames => Some("names are shown for short"),
            Self::Address => Some("addresses and temporary paths differ from run to run"),
            Self::MessagePrefix => Some("the message says more"),
            Self::LabelDropped => Some("a label is printed before the value"),
            Self::FirstLine => Some("only the first line is claimed"),
            Self::Paraphrase => Some("said in other words, with every value right"),
            Self::Example => Some("an example of an output that varies"),
            Self::Documented => Some("documented"),
            Self::Equal
            | Self::Quoted
            | Self::LiteralEqual
            | Self::SetEqual
            | Self::TupleShown
            | Self::Wrapped
            | Self::Joined
            | Self::EachPass
            | Self::Ellipsis
            | Self::Gloss
            | Self::Alternative
            | Self::Derivation
            | Self::Silence
            | Self::State
            | Self::PrintedAndReturned
            | Self::AnyException
            | Self::ExceptionType
            | Self::ExceptionMessage
            | Self::Different
            | Self::NothingSeen
            | Self::NotSilent
            | Self::NotRaised
            | Self::OtherException
            | Self::Raised
            | Self::Varies
            | Self::Clock
            | Self::Unreached
            | Self::Skipped
            | Self::Blank => None,
        }
    }
}
