//! XML Encryption of an assertion, for the service provider whose public key it is (SAML Core 6.1).

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    md::{Md, MdRef},
    pkey::{HasPublic, PKeyRef},
    pkey_ctx::PkeyCtx,
    rand::rand_bytes,
    rsa::Padding,
    symm::{Cipher, encrypt, encrypt_aead},
};
use roxmltree::Document;

const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
const ENCRYPTION11: &str = "http://www.w3.org/2009/xmlenc11#";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// How the assertion is encrypted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Content {
    /// AES in CBC with 128 bits.
    Aes128Cbc,
    /// AES in GCM with 128 bits.
    Aes128Gcm,
    /// AES in CBC with 256 bits.
    Aes256Cbc,
    /// AES in GCM with 256 bits.
    #[default]
    Aes256Gcm,
}

/// A hash of RSA-OAEP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Hash {
    /// SHA-1, as if nothing was said.
    #[default]
    Default,
    /// SHA-1, and said so.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// How the content's key is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// `rsa-oaep-mgf1p` with this digest.
    Mgf1p(Hash),
    /// `rsa-oaep` with this digest and this mask.
    Oaep(Hash, Hash),
}

/// Where the EncryptedKey lies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Place {
    /// Beside the data, which says nothing of it.
    Beside,
    /// Inside the KeyInfo of the data.
    #[default]
    Inside,
    /// Beside the data, which points at it by a RetrievalMethod.
    Retrieved,
}

/// A choice of all of it.
#[derive(Clone, Copy, Debug)]
pub struct Encryption<'a> {
    /// For the assertion.
    pub content: Content,
    /// For its key.
    pub transport: Transport,
    /// Where that key lies.
    pub place: Place,
    /// OAEPparams.
    pub label: &'a [u8],
}

impl Default for Encryption<'_> {
    fn default() -> Self {
        Self {
            content: Content::default(),
            transport: Transport::Mgf1p(Hash::Default),
            place: Place::default(),
            label: b"",
        }
    }
}

impl Encryption<'_> {
    /// Puts an EncryptedAssertion in the place of a document's Assertion, whose text is encrypted as it stands.
    ///
    /// # Panics
    /// When the document has none: it is the caller's own.
    pub fn encrypt<T: HasPublic>(&self, xml: &str, key: &PKeyRef<T>) -> String {
        let document = Document::parse(xml).expect("the template is well formed");
        let range = document
            .descendants()
            .find(|node| node.tag_name().name() == "Assertion")
            .expect("the template has an assertion")
            .range();
        let text = xml.get(range.clone()).unwrap_or_default();
        let sealed = self.seal(text.as_bytes(), key);
        let (before, behind) = xml
            .split_at_checked(range.start)
            .expect("a node begins inside of its document");
        let (_, behind) = behind
            .split_at_checked(range.len())
            .expect("a node ends inside of its document");
        format!("{before}{sealed}{behind}")
    }

    /// An EncryptedAssertion that holds these octets.
    ///
    /// # Panics
    /// When the key is none for RSA.
    pub fn seal<T: HasPublic>(&self, plaintext: &[u8], key: &PKeyRef<T>) -> String {
        let mut content_key = vec![0; self.content.cipher().key_len()];
        rand_bytes(&mut content_key).expect("OpenSSL has a random source");
        let octets = self.content.encrypt(&content_key, plaintext);
        self.element(
            &octets,
            &[self.transport.encrypt(&content_key, self.label, key)],
        )
    }

    /// An EncryptedAssertion of these ciphertexts: of the content, and of its key, once or several times.
    pub fn element(&self, content: &[u8], keys: &[Vec<u8>]) -> String {
        let method = self.transport.method(self.label);
        let keys: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(number, key)| {
                format!(
                    r#"<xenc:EncryptedKey Id="_k{number}" xmlns:xenc="{ENCRYPTION}">{method}<xenc:CipherData><xenc:CipherValue>{key}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"#,
                    key = STANDARD.encode(key),
                )
            })
            .collect();
        let retrieval = |number| {
            format!(
                r##"<ds:RetrievalMethod Type="{ENCRYPTION}EncryptedKey" URI="#_k{number}"></ds:RetrievalMethod>"##
            )
        };
        let info = match self.place {
            Place::Beside => String::new(),
            Place::Inside => keys.concat(),
            Place::Retrieved => (0..keys.len()).map(retrieval).collect::<Vec<_>>().concat(),
        };
        let beside = if self.place == Place::Inside {
            String::new()
        } else {
            keys.concat()
        };
        format!(
            r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData xmlns:xenc="{ENCRYPTION}" Type="{ENCRYPTION}Element"><xenc:EncryptionMethod Algorithm="{algorithm}"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds="{SIGNATURE}">{info}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{octets}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{beside}</saml:EncryptedAssertion>"#,
            algorithm = self.content.identifier(),
            octets = STANDARD.encode(content),
        )
    }
}

impl Content {
    /// Encrypts, the initialization vector in front.
    ///
    /// # Panics
    /// When the key has another length.
    pub fn encrypt(self, key: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let cipher = self.cipher();
        let mut octets = vec![0; cipher.iv_len().unwrap_or_default()];
        rand_bytes(&mut octets).expect("OpenSSL has a random source");
        let vector = octets.clone();
        if matches!(self, Self::Aes128Cbc | Self::Aes256Cbc) {
            octets.extend(
                encrypt(cipher, key, Some(&vector), plaintext).expect("the key fits the cipher"),
            );
        } else {
            let mut tag = [0; 16];
            octets.extend(
                encrypt_aead(cipher, key, Some(&vector), &[], plaintext, &mut tag)
                    .expect("the key fits the cipher"),
            );
            octets.extend(tag);
        }
        octets
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
        }
    }

    /// Its identifier.
    pub fn identifier(self) -> String {
        match self {
            Self::Aes128Cbc => format!("{ENCRYPTION}aes128-cbc"),
            Self::Aes128Gcm => format!("{ENCRYPTION11}aes128-gcm"),
            Self::Aes256Cbc => format!("{ENCRYPTION}aes256-cbc"),
            Self::Aes256Gcm => format!("{ENCRYPTION11}aes256-gcm"),
        }
    }
}

impl Transport {
    /// Encrypts a content's key.
    ///
    /// # Panics
    /// When the key of the recipient is none for RSA.
    pub fn encrypt<T: HasPublic>(
        self,
        content_key: &[u8],
        label: &[u8],
        recipient: &PKeyRef<T>,
    ) -> Vec<u8> {
        let (digest, mask) = match self {
            Self::Mgf1p(digest) => (digest, Hash::Default),
            Self::Oaep(digest, mask) => (digest, mask),
        };
        let mut octets = Vec::new();
        let encrypted = PkeyCtx::new(recipient).and_then(|mut context| {
            context.encrypt_init()?;
            context.set_rsa_padding(Padding::PKCS1_OAEP)?;
            context.set_rsa_oaep_md(digest.md())?;
            context.set_rsa_mgf1_md(mask.md())?;
            if !label.is_empty() {
                context.set_rsa_oaep_label(label)?;
            }
            context.encrypt_to_vec(content_key, &mut octets)
        });
        encrypted.expect("the recipient's key is one for RSA");
        octets
    }

    fn method(self, label: &[u8]) -> String {
        let label = match label {
            b"" => String::new(),
            label => format!(
                "<xenc:OAEPparams>{}</xenc:OAEPparams>",
                STANDARD.encode(label)
            ),
        };
        let digest = |hash: Hash| {
            let identifier = match hash {
                Hash::Default => return String::new(),
                Hash::Sha1 => format!("{SIGNATURE}sha1"),
                Hash::Sha256 => format!("{ENCRYPTION}sha256"),
            };
            format!(
                r#"<ds:DigestMethod xmlns:ds="{SIGNATURE}" Algorithm="{identifier}"></ds:DigestMethod>"#
            )
        };
        let mask = |hash: Hash| {
            let name = match hash {
                Hash::Default => return String::new(),
                Hash::Sha1 => "mgf1sha1",
                Hash::Sha256 => "mgf1sha256",
            };
            format!(
                r#"<xenc11:MGF xmlns:xenc11="{ENCRYPTION11}" Algorithm="{ENCRYPTION11}{name}"></xenc11:MGF>"#
            )
        };
        let (identifier, parameters) = match self {
            Self::Mgf1p(hash) => (format!("{ENCRYPTION}rsa-oaep-mgf1p"), digest(hash)),
            Self::Oaep(hash, masked) => (
                format!("{ENCRYPTION11}rsa-oaep"),
                digest(hash) + &mask(masked),
            ),
        };
        format!(
            r#"<xenc:EncryptionMethod Algorithm="{identifier}">{label}{parameters}</xenc:EncryptionMethod>"#
        )
    }
}

impl Hash {
    fn md(self) -> &'static MdRef {
        match self {
            Self::Default | Self::Sha1 => Md::sha1(),
            Self::Sha256 => Md::sha256(),
        }
    }
}
