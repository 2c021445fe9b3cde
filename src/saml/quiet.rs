//! libxml2 and xmlsec initialised once, and silent.
//!
//! Both print each refused message to standard error unless told otherwise, so that anybody could fill a
//! disk before being known. xmlsec's own reporter is switched off and then removed (its OpenSSL back end
//! installs one while it starts); libxml2 keeps its reporter for each thread, so each thread that verifies
//! comes through here.
//!
//! This is the one place of `saml/` that leaves safe Rust: it declares four functions of the two libraries
//! that samael links. None of them is given memory; each stores a switch or a function pointer.

use std::{
    cell::Cell,
    ffi::{c_int, c_void},
    ptr::null_mut,
    sync::Once,
};

use samael::crypto::{CertificateDer, CryptoProvider, ReduceMode, XmlSec};

type Structured = Option<extern "C" fn(*mut c_void, *mut c_void)>;
type Reporter = Option<extern "C" fn()>;

#[expect(
    unsafe_code,
    reason = "the two libraries offer their switches in C only"
)]
mod c {
    use super::{Reporter, Structured, c_int, c_void};

    // The callback type of `xmlSecErrorsSetCallback` has arguments; none is ever passed but null.
    unsafe extern "C" {
        pub(super) safe fn xmlSecErrorsDefaultCallbackEnableOutput(enabled: c_int);
        pub(super) safe fn xmlSecErrorsSetCallback(callback: Reporter);
        pub(super) safe fn xmlSetStructuredErrorFunc(context: *mut c_void, handler: Structured);
        pub(super) safe fn xmlThrDefSetStructuredErrorFunc(
            context: *mut c_void,
            handler: Structured,
        );
    }
}

static STARTED: Once = Once::new();

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Starts both libraries once and silences them, for the process and for this thread. Cheap when repeated.
pub fn initialise() {
    STARTED.call_once(|| {
        c::xmlSecErrorsDefaultCallbackEnableOutput(0);
        c::xmlThrDefSetStructuredErrorFunc(null_mut(), Some(drop_report));
        c::xmlSetStructuredErrorFunc(null_mut(), Some(drop_report));
        start();
        c::xmlSecErrorsSetCallback(None);
    });
    SILENT.with(|silent| {
        if !silent.replace(true) {
            c::xmlSetStructuredErrorFunc(null_mut(), Some(drop_report));
        }
    });
}

/// Makes samael start xmlsec, which it does with its first key: here with one that is none. A list of
/// algorithms would end the call before it came to the key.
fn start() {
    let _ = XmlSec::reduce_xml_to_signed_with_allowed_algorithms(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>",
        &[CertificateDer::from(Vec::new())],
        ReduceMode::PreDigest,
        None,
    );
    // What OpenSSL kept of it belongs to nobody.
    let _ = openssl::error::ErrorStack::get();
}

extern "C" fn drop_report(_context: *mut c_void, _error: *mut c_void) {}
