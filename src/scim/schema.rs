//! What can be said of an attribute (RFC 7643 §2 and §7), as data that is built at compile time.

/// A schema: a URN and its attributes.
#[derive(Debug)]
pub struct Schema {
    /// The URN, spelt as we answer it.
    pub urn: &'static str,
    /// A short name for people.
    pub name: &'static str,
    /// What it describes.
    pub description: &'static str,
    /// Its attributes in the order in which they are announced.
    pub attributes: &'static [Attribute],
    /// Whether its attributes live in an object keyed by the URN (RFC 7643 §3.3).
    pub extension: bool,
}

impl Schema {
    /// The attribute of this name, in any case (RFC 7643 §2.1).
    pub fn attribute(&'static self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.urn == other.urn
    }
}

impl Eq for Schema {}

/// An attribute or sub-attribute and its characteristics.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name, spelt as we answer it.
    pub name: &'static str,
    /// What it holds.
    pub description: &'static str,
    /// The type of one value.
    pub data_type: Type,
    /// Whether it holds an array.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether letter case matters in comparisons.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// Among what its values are unique.
    pub uniqueness: Uniqueness,
    /// Values that are suggested.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point at.
    pub reference_types: &'static [&'static str],
    /// The parts of a complex attribute.
    pub sub_attributes: &'static [Attribute],
    /// A form that the strict reading asks of a value.
    pub form: Form,
    /// Whether a misspelling of it is refused where an unknown name would only be ignored.
    pub guarded: bool,
    /// Whether its values are kept as relations to other resources, outside the document.
    pub relation: bool,
}

/// The type of a value (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// true or false.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An instant.
    DateTime,
    /// Octets in base64.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

impl Type {
    /// The word of RFC 7643 §7.
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may write an attribute (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Only the server.
    ReadOnly,
    /// The client, at any time.
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, who never sees it again.
    WriteOnly,
}

impl Mutability {
    /// The word of RFC 7643 §7.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is in an answer (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// In every answer, whatever was asked for.
    Always,
    /// In none.
    Never,
    /// Unless the client left it out.
    Default,
    /// Only when it is named.
    Request,
}

impl Returned {
    /// The word of RFC 7643 §7.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Among what the values of an attribute are unique (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// Nothing.
    None,
    /// The resources behind one base URL.
    Server,
    /// Everything everywhere.
    Global,
}

impl Uniqueness {
    /// The word of RFC 7643 §7.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Global => "global",
        }
    }
}

/// A form beyond the type, asked for by the strict reading only (RFC 7643 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Whatever the type allows.
    Any,
    /// One DER certificate.
    Certificate,
    /// An ISO 3166-1 alpha-2 code.
    Country,
}

impl Attribute {
    const fn new(name: &'static str, description: &'static str, data_type: Type) -> Self {
        Self {
            name,
            description,
            data_type,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            form: Form::Any,
            guarded: false,
            relation: false,
        }
    }

    /// Text, compared without regard to case.
    pub const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, Type::String)
    }

    /// true or false.
    pub const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, Type::Boolean)
    }

    /// A whole number.
    pub const fn integer(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, Type::Integer)
    }

    /// An instant.
    pub const fn date_time(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, Type::DateTime)
    }

    /// Octets in base64.
    pub const fn binary(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, Type::Binary).case_exact()
    }

    /// A URI that points at one of `types`.
    pub const fn reference(
        name: &'static str,
        description: &'static str,
        types: &'static [&'static str],
    ) -> Self {
        let mut it = Self::new(name, description, Type::Reference).case_exact();
        it.reference_types = types;
        it
    }

    /// An object of `sub_attributes`.
    pub const fn complex(
        name: &'static str,
        description: &'static str,
        sub_attributes: &'static [Attribute],
    ) -> Self {
        let mut it = Self::new(name, description, Type::Complex);
        it.sub_attributes = sub_attributes;
        it
    }

    /// The same, as an array.
    #[must_use]
    pub const fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    /// The same, never missing.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, compared as spelt.
    #[must_use]
    pub const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// The same, compared without regard to case.
    #[must_use]
    pub const fn case_insensitive(mut self) -> Self {
        self.case_exact = false;
        self
    }

    /// The same, written as `mutability` says.
    #[must_use]
    pub const fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    /// The same, written by the server only.
    #[must_use]
    pub const fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    /// The same, in an answer when `returned` says so.
    #[must_use]
    pub const fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    /// The same, unique behind one base URL.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    /// The same, with suggested values.
    #[must_use]
    pub const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }

    /// The same, of a form.
    #[must_use]
    pub const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// The same, with misspellings refused.
    #[must_use]
    pub const fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }

    /// The same, kept as relations outside the document.
    #[must_use]
    pub const fn relation(mut self) -> Self {
        self.relation = true;
        self
    }

    /// The sub-attribute of this name, in any case.
    pub fn sub(&'static self, name: &str) -> Option<&'static Attribute> {
        find(self.sub_attributes, name)
    }

    /// The sub-attribute that stands for the whole, `value` (RFC 7643 §2.4).
    pub fn value(&'static self) -> Option<&'static Attribute> {
        self.sub("value")
    }

    /// Whether it is an object of sub-attributes.
    pub fn is_complex(&self) -> bool {
        self.data_type == Type::Complex
    }

    /// Whether a client's value may enter a document.
    pub fn is_written_by_client(&self) -> bool {
        matches!(
            self.mutability,
            Mutability::ReadWrite | Mutability::Immutable
        ) && !self.relation
    }
}

fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
