//! `/openapi.json`: REST as OpenAPI 3.1 tells it. Each handler is annotated where
//! it stands, and the router is made out of the same annotations, so that no route
//! is without its description.

use berth_wire::errors::Problem;
use serde_json::{Value, json};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::asyncapi::plain;

/// Parts of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Query` reads")]
pub(crate) struct Pages {
    /// Items at most; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// What the page before answered as `next`.
    cursor: Option<String>,
}

/// A state of before.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes what `Query` reads")]
pub(crate) struct AtSeq {
    /// As it was behind this entry; as it is when left out. 410 where that would
    /// take too long to work out.
    #[param(minimum = 1)]
    at_seq: Option<u64>,
}

/// What the routes are added to.
pub(crate) fn outline() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Berth")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("An exchange for compute leases: orders and bids in, leases out."));
    OpenApiBuilder::new().info(info.build()).build()
}

/// The document: the routes, what each may answer instead, and how one says who
/// one is.
pub(crate) fn document(routes: &OpenApi) -> Value {
    let mut document = serde_json::to_value(routes).expect("a description is JSON");
    let problem = json!({
        "description": "A refusal, with a stable code.",
        "content": {
            "application/problem+json": { "schema": { "$ref": format!("#/components/schemas/{}", Problem::name()) } },
        },
    });
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten()) {
        operation.1["responses"]["default"] = problem.clone();
    }
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    for (name, schema) in parts.into_iter().chain([(Problem::name().into_owned(), Problem::schema())]) {
        document["components"]["schemas"][name] = plain(&schema);
    }
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "The JWT of a SEP-10 login at /auth, or the operator's token.",
        },
        "key": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Berth-Key",
            "description": "A registered key, with X-Berth-Timestamp, X-Berth-Recv-Window and X-Berth-Signature.",
        },
    });
    document["security"] = json!([{}, { "token": [] }, { "key": [] }]);
    document
}
