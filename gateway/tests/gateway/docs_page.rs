//! `GET /docs`: a page that asks nobody but its own node.

use reqwest::{Method, StatusCode};

use crate::node::Node;

/// What a page names in this attribute.
fn named<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begins = format!("{attribute}=\"");
    page.split(begins.as_str()).skip(1).filter_map(|rest| rest.split_once('"')).map(|(value, _)| value).collect()
}

#[tokio::test]
async fn the_page_of_documents_loads_from_its_own_node_alone() {
    let (_dir, node) = Node::open().await;
    let response = node.send(Method::GET, "/docs", None).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for directive in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|found| found == directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");

    let page = response.text().await.unwrap();
    assert!(!page.contains("://"), "no address of another site");
    assert!(!page.contains("<script>") && !page.contains("onload="), "no script within the page");
    let parts = [named(&page, "src"), named(&page, "href")].concat();
    assert!(parts.contains(&"/docs/swagger-ui-bundle.js") && parts.contains(&"/asyncapi.json"), "{parts:?}");
    for part in parts {
        assert!(part.starts_with('/') && !part.starts_with("//"), "{part}");
        let response = node.send(Method::GET, part, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{part}");
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let expected = match part.rsplit_once('.') {
            Some((_, "js")) => "text/javascript",
            Some((_, "css")) => "text/css",
            Some((_, "png")) => "image/png",
            _ => "",
        };
        assert!(kind.starts_with(expected), "{part}: {kind}");
        if part.starts_with("/docs/") {
            assert_eq!(response.headers()["content-security-policy"].to_str().unwrap(), policy, "{part}");
        }
    }
    let script = node.send(Method::GET, "/docs/page.js", None).await.text().await.unwrap();
    assert!(script.contains("validatorUrl: null") && script.contains("\"/openapi.json\"") && !script.contains("://"));
    for none in ["/docs/", "/docs/swagger-initializer.js", "/docs/..%2fhealth", "/docs/a/b"] {
        assert_eq!(node.send(Method::GET, none, None).await.status(), StatusCode::NOT_FOUND, "{none}");
    }
    node.stop().await;
}
