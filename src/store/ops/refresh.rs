//! The queries of refresh tokens.

use crate::id::{AppId, OrganizationId, RefreshFamilyId};
use crate::secret::Hash;
use crate::store::rows::{RefreshFamilyRow, RefreshTokenRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `refresh::insert_family`.
    insert_refresh_family = refresh::insert_family(row: &RefreshFamilyRow) -> ();
    /// The query `refresh::insert`.
    insert_refresh_token = refresh::insert(row: &RefreshTokenRow) -> ();
    /// The query `refresh::family`.
    refresh_family = refresh::family(org: OrganizationId, id: RefreshFamilyId) -> Option<RefreshFamilyRow>;
    /// The family, whose row is held until the transaction ends.
    take_refresh_family = refresh::take_family(org: OrganizationId, id: RefreshFamilyId) -> Option<RefreshFamilyRow>;
    /// The token of this hash, in whichever organization: the credential tells the organization.
    refresh_token = refresh::by_hash(hash: &Hash) -> Option<RefreshTokenRow>;
    /// Uses a token up, and keeps its sealed successor; `false` where it was used before.
    use_refresh_token = refresh::use_token(org: OrganizationId, hash: &Hash, at: Time, successor: &[u8]) -> bool;
    /// Ends a family; `false` where it had ended before, or there is none.
    end_refresh_family = refresh::end_family(org: OrganizationId, id: RefreshFamilyId, at: Time, cause: &str) -> bool;
    /// Ends the families of an app, but for those of these organizations; answers how many.
    end_refresh_families_of_app = refresh::end_families_of_app(app: AppId, spared: &[OrganizationId], at: Time, cause: &str) -> usize;
    /// Forgets so many families whose time is over, of every organization, and their tokens.
    forget_refresh_families = refresh::forget(before: Time, limit: i64) -> usize;
}
