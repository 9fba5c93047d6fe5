//! `/accounts`

use axum::extract::State;
use berth_domain::Code;
use berth_wire::address::Name;
use berth_wire::response::Account;

use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use berth_render::account;

#[utoipa::path(
    get,
    path = "/accounts/{address}",
    tag = "accounts",
    summary = "An account and its money.",
    params(("address" = String, Path, description = "Its key, G…; in open mode any name."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::Account, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, address: Segment, mut query: Query) -> Result<At<Account>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let name = Name::new(address.as_str()).map_err(|why| Refusal::malformed("address", why))?;
    let address = app.address(&name, "address")?;
    let found = app.state(at, move |x| x.account(x.account_by_address(address)?).map(|one| account(x, one))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownAccount).at("address"))
}
