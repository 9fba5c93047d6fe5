//! Calls of those who have no account, and pay for each.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use berth_domain::{Address, Stroops, TimeInForce, Verify};
use berth_wire::errors::EdgeCode;
use berth_wire::request::{JobRequest, OrderRequest};
use berth_wire::response::{Changed, Job, Payment};

use super::{jobs, orders};
use crate::caller::Caller;
use crate::clock::now;
use crate::limits::PAYMENT_TIME_MAX;
use crate::node::{App, Node};
use crate::problem::Refusal;
use crate::query::Page;
use crate::till::{BooksFail, Call, Paid, Purpose, Till, TillError, desk, job_id};

/// What a payment comes in.
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("payment-signature");
/// What is to be paid.
const REQUIRED: HeaderName = HeaderName::from_static("payment-required");
/// What was paid.
const RESPONSE: HeaderName = HeaderName::from_static("payment-response");
/// How long an order whose outcome is not known may still come.
const OUTCOME_TIME_MAX: Duration = Duration::from_secs(60);

impl Node {
    /// Where a caller pays for its calls: whoever has an account has it charged.
    pub(crate) fn till_for(&self, caller: Caller) -> Option<&Arc<dyn Till>> {
        let till = self.till.as_ref()?;
        let is_unknown = match caller {
            Caller::Anyone => true,
            Caller::Operator => false,
            Caller::Account(holder) => self.view.read(|x| x.account_by_address(holder.address)).is_none(),
        };
        is_unknown.then_some(till)
    }
}

/// An answer, or what is asked for before there is one.
pub(crate) enum Answered<T> {
    /// It is paid, and done; with `PAYMENT-RESPONSE`.
    Done(T, String),
    /// It is not.
    Not(Response),
}

/// Orders a job that is paid for, in the desk's name.
pub(crate) async fn job(
    app: &App,
    till: &Arc<dyn Till>,
    headers: &HeaderMap,
    request: JobRequest,
) -> Result<Answered<Changed<Job>>, Refusal> {
    for (field, is_there) in
        [("tenantAddress", request.tenant_address.is_some()), ("clientOrderId", request.client_order_id.is_some())]
    {
        if is_there {
            return Err(Refusal::malformed(field, "is the payment's own where a call is paid for by itself"));
        }
    }
    let amount = price(till.as_ref(), &request)?;
    // Whatever can be refused is refused before anything is paid.
    let order = order(till.as_ref(), &request, "preflight")?;
    let page = Page { limit: 1, after: 0 };
    orders::test(app, desk(till.as_ref()), order, page)
        .await
        .map_err(|refusal| unready(&refusal).unwrap_or(refusal))?;
    let description = "A batch job; what it does not cost is given back".to_owned();
    let call = Call { amount, url: url(app, "/api/v1/jobs"), description, purpose: Purpose::Job };
    let Some(header) = signature(headers)? else { return Ok(asked(till, &call)) };

    // A client that gives up must not leave a payment without its order.
    let (node, taker) = (app.clone(), till.clone());
    let paid = call.clone();
    let task = tokio::spawn(async move {
        let paid = taker.take(header, paid).await?;
        let placed = place(&node, &taker, &request, &paid).await;
        taker.let_go(&paid.id);
        Ok::<_, TillError>((paid, placed))
    });
    match tokio::time::timeout(PAYMENT_TIME_MAX, task).await {
        Ok(Ok(Ok((paid, Ok(job))))) => Ok(Answered::Done(job, paid.receipt)),
        Ok(Ok(Ok((paid, Err(refusal))))) => Ok(Answered::Not(with(refusal.into_response(), &RESPONSE, &paid.receipt))),
        Ok(Ok(Err(error))) => refused(error),
        Ok(Err(_)) | Err(_) => Err(unknown()),
    }
}

/// Places the order of a payment, and says how it came out.
async fn place(app: &App, till: &Arc<dyn Till>, request: &JobRequest, paid: &Paid) -> Result<Changed<Job>, Refusal> {
    let placed = match order(till.as_ref(), request, job_id(&paid.id)) {
        Ok(order) => jobs::place(app, desk(till.as_ref()), order).await,
        Err(refusal) => Err(refusal),
    };
    let kept = match &placed {
        Ok(job) => till.ordered(&paid.id, berth_domain::OrderId(job.object.id)),
        Err(refusal) if refusal.code() == EdgeCode::OutcomeUnknown.info().code => {
            // It may be in the log; whoever keeps the till's books looks later.
            tokio::time::sleep(OUTCOME_TIME_MAX).await;
            Ok(())
        }
        Err(_) => till.close(&paid.id, None),
    };
    if let Err(fails) = kept {
        // The books still say that it is paid, and it is looked at again.
        tracing::error!(%fails, payment = paid.id, "what became of a payment is not noted");
    }
    placed.map_err(|refusal| refusal.explained(&format!("payment {} is given back", paid.id)))
}

/// Pays into an account.
pub(crate) async fn deposit(
    app: &App,
    till: &Arc<dyn Till>,
    headers: &HeaderMap,
    account: Address,
    amount: Stroops,
) -> Result<Answered<Payment>, Refusal> {
    if amount == Stroops::ZERO {
        return Err(Refusal::malformed("amount", "is nothing"));
    }
    let whole = amount.checked_add(till.price()).filter(|whole| *whole <= till.most());
    let whole = whole.ok_or_else(|| too_much("amount", till.as_ref()))?;
    let description = "A deposit into an account".to_owned();
    let url = url(app, "/api/v1/accounts/{address}/deposits");
    let call = Call { amount: whole, url, description, purpose: Purpose::Deposit(account) };
    let Some(header) = signature(headers)? else { return Ok(asked(till, &call)) };
    let taker = till.clone();
    let task = tokio::spawn(async move { taker.take(header, call).await });
    match tokio::time::timeout(PAYMENT_TIME_MAX, task).await {
        Ok(Ok(Ok(paid))) => Ok(Answered::Done(payment(till.as_ref(), &paid.id)?, paid.receipt)),
        Ok(Ok(Err(error))) => refused(error),
        Ok(Err(_)) | Err(_) => Err(unknown()),
    }
}

/// A payment.
pub(crate) fn payment(till: &dyn Till, id: &str) -> Result<Payment, Refusal> {
    till.payment(id)?.ok_or_else(|| Refusal::new(EdgeCode::NotFound, "there is no such payment").at("id"))
}

/// What a job costs at most, with the call itself.
fn price(till: &dyn Till, request: &JobRequest) -> Result<Stroops, Refusal> {
    let runs = match request.verify {
        Verify::Replicas(runs) => i64::from(runs),
        Verify::None | Verify::Spot => 1,
    };
    let reward = request.reward.get().checked_mul(runs).and_then(Stroops::new);
    let whole = reward.and_then(|reward| reward.checked_add(till.price()));
    whole.filter(|whole| *whole <= till.most()).ok_or_else(|| too_much("reward", till))
}

fn too_much(field: &str, till: &dyn Till) -> Refusal {
    Refusal::malformed(field, format!("is more than one call may cost here: {} in all", till.most()))
}

/// The order of a job, which does not wait for ever: nobody could take it back.
fn order(till: &dyn Till, request: &JobRequest, id: &str) -> Result<OrderRequest, Refusal> {
    let mut order = request.clone().order(id)?;
    if order.time_in_force == TimeInForce::Gtc {
        let wait = u64::try_from(till.wait().as_micros()).unwrap_or(u64::MAX);
        order.time_in_force = TimeInForce::Gtd;
        order.expires_at = Some(now().0.saturating_add(wait));
    }
    Ok(order)
}

/// What stands in the way of the desk is nothing that its client could change.
fn unready(refusal: &Refusal) -> Option<Refusal> {
    matches!(refusal.code(), "INSUFFICIENT_FUNDS" | "UNKNOWN_ACCOUNT" | "TOO_MANY_ORDERS" | "MANDATE_EXCEEDED").then(|| {
        let detail = "the node's own desk, which would order this, cannot do so now: ask again later, or pay into an \
                      account of your own";
        Refusal::new(EdgeCode::Unavailable, detail)
    })
}

fn url(app: &Node, path: &str) -> String {
    let base = app.identity.endpoint.strip_suffix("/auth").unwrap_or_default();
    format!("{base}{path}")
}

fn signature(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(header) = headers.get(SIGNATURE) else { return Ok(None) };
    let header = header.to_str().map_err(|_| Refusal::malformed("PAYMENT-SIGNATURE", "is not base 64"))?;
    Ok(Some(header.to_owned()))
}

fn asked<T>(till: &Arc<dyn Till>, call: &Call) -> Answered<T> {
    let why = "PAYMENT-SIGNATURE header is required";
    let refusal = Refusal::new(EdgeCode::PaymentRequired, format!("the call costs {}", call.amount));
    Answered::Not(with(refusal.into_response(), &REQUIRED, &till.ask(call, why)))
}

fn refused<T>(error: TillError) -> Result<Answered<T>, Refusal> {
    Err(match error {
        TillError::Unreadable(why) => Refusal::malformed("PAYMENT-SIGNATURE", why),
        TillError::Refused { detail, required, receipt } => {
            let answer = Refusal::new(EdgeCode::PaymentRefused, detail).into_response();
            return Ok(Answered::Not(with(with(answer, &REQUIRED, &required), &RESPONSE, &receipt)));
        }
        taken @ TillError::Taken(_) => Refusal::new(EdgeCode::PaymentTaken, taken.to_string()),
        TillError::Unavailable(why) => Refusal::new(EdgeCode::ChainUnavailable, why),
        TillError::Unknown(why) => Refusal::new(EdgeCode::OutcomeUnknown, why),
    })
}

fn unknown() -> Refusal {
    let detail = "the payment is not in a ledger in time, and may still come: send the same again to see";
    Refusal::new(EdgeCode::OutcomeUnknown, detail)
}

/// An answer with one more header.
pub(crate) fn with(mut response: Response, name: &HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// An answer that was paid for.
pub(crate) fn receipted(response: Response, receipt: &str) -> Response {
    with(response, &RESPONSE, receipt)
}

impl From<BooksFail> for Refusal {
    fn from(_: BooksFail) -> Self {
        EdgeCode::Unavailable.into()
    }
}
