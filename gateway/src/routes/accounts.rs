//! `/accounts`

use axum::Json;
use axum::extract::State;
use berth_domain::Code;
use berth_wire::address::Name;
use berth_wire::response::Account;

use crate::node::App;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use berth_render::account;

pub(super) async fn one(State(app): State<App>, address: Segment, query: Query) -> Result<Json<Account>, Refusal> {
    query.finish()?;
    let name = Name::new(address.as_str()).map_err(|why| Refusal::malformed("address", why))?;
    let address = app.address(&name, "address")?;
    let found = app.view.read(|x| x.account(x.account_by_address(address)?).map(|one| account(x, one)));
    found.map(Json).ok_or_else(|| Refusal::from(Code::UnknownAccount).at("address"))
}
