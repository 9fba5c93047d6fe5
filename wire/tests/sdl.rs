//! Orders as Akash writes them: golden examples, and what is refused by its path.
//! The examples are rewritten by running with `BERTH_WRITE_GOLDEN=1`.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::PathBuf;

use berth_wire::json::Malformed;
use berth_wire::request::OrderRequest;
use berth_wire::sdl::order;

const WEB: &str = include_str!("sdl/web.yaml");
const GPU: &str = include_str!("sdl/gpu.yaml");

fn shown(order: &OrderRequest) -> String {
    serde_json::to_string_pretty(order).unwrap() + "\n"
}

#[test]
fn the_examples_are_these_orders() {
    for (name, document) in [("web", WEB), ("gpu", GPU)] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sdl/{name}.json"));
        let order = shown(&order(document.as_bytes()).unwrap());
        if std::env::var_os("BERTH_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &order).unwrap();
        }
        assert_eq!(order, std::fs::read_to_string(&path).unwrap(), "{name}");
    }
}

#[test]
fn prices_of_a_block_become_rates_of_an_hour_exactly() {
    // 10,000 millionths of an XLM a block for two processors: half of it each, and
    // 720 blocks an hour.
    let web = order(WEB.as_bytes()).unwrap();
    let rate = |request: OrderRequest| {
        OrderRequest { duration_seconds: Some(60), duration_blocks: None, prepay_seconds: None, ..request }
            .parse()
            .unwrap()
            .limits
            .highest()
            .to_string()
    };
    assert_eq!(rate(web), "3.6");
    for (denom, amount, hourly) in [
        ("stroop", "2", "0.000072"),
        ("stroop", "3", "0.000072"),
        ("uxlm", "\"0.2\"", "0.000072"),
        ("xlm", "1", "360"),
        ("xlm", "\"0.0000002\"", "0.000072"),
    ] {
        let text = WEB
            .replace("denom: uxlm", &format!("denom: {denom}"))
            .replace("amount: 10000", &format!("amount: {amount}"));
        assert_eq!(rate(order(text.as_bytes()).unwrap()), hourly, "{amount} {denom}");
    }
}

fn refused(document: &str) -> Malformed {
    order(document.as_bytes()).unwrap_err()
}

#[test]
fn what_is_outside_of_the_subset_is_refused_by_its_path() {
    for (from, to, path) in [
        ("        as: 8080", "        as: 8080\n        accept: [example.com]", "services.web.expose[0].accept"),
        ("        as: 8080", "        as: 8080\n        http_options: {}", "services.web.expose[0].http_options"),
        ("          - global: true", "          - service: db", "services.web.expose[0].to[0].service"),
        ("          - global: true", "          - global: maybe", "services.web.expose[0].to[0].global"),
        ("        proto: udp", "        proto: sctp", "services.web.expose[1].proto"),
        ("    image: nginx:1.27", "    image: nginx:1.27\n    command: [sh]", "services.web.command"),
        ("    image: nginx:1.27", "    image: nginx:1.27\n    depends_on: [db]", "services.web.depends_on"),
        ("    image: nginx:1.27", "    image:", "services.web.image"),
        ("    image: nginx:1.27", "    image: \"no image\"", "services.web.image"),
        ("  web:\n    image", "  db: {image: x}\n  web:\n    image", "services.web"),
        ("      - EMPTY=", "      - EMPTY", "services.web.env[1]"),
        ("      - EMPTY=", "      - NGINX_HOST=", "services.web.env[1]"),
        ("      - port: 80\n        as: 8080", "      - port: 0\n        as: 8080", "services.web.expose[0].port"),
        ("        as: 8080", "        as: 80800", "services.web.expose[0].as"),
        ("units: 2", "units: 0.5", "profiles.compute.web.resources.cpu.units"),
        ("units: 2", "units: 500m", "profiles.compute.web.resources.cpu.units"),
        ("size: 512Mi\n        storage", "size: much\n        storage", "profiles.compute.web.resources.memory.size"),
        ("        memory:", "        tpu: {}\n        memory:", "profiles.compute.web.resources.tpu"),
        (
            "      attributes:",
            "      signedBy: {anyOf: [a]}\n      attributes:",
            "profiles.placement.anywhere.signedBy",
        ),
        ("denom: uxlm", "denom: uakt", "profiles.placement.anywhere.pricing.web.denom"),
        ("denom: uxlm", "denom: uact", "profiles.placement.anywhere.pricing.web.denom"),
        ("amount: 10000", "amount: 0.5", "profiles.placement.anywhere.pricing.web.amount"),
        ("amount: 10000", "amount: \"0.15\"", "profiles.placement.anywhere.pricing.web.amount"),
        ("amount: 10000", "amount: 0", "profiles.placement.anywhere.pricing.web.amount"),
        ("amount: 10000", "amount: -5", "profiles.placement.anywhere.pricing.web.amount"),
        ("amount: 10000", "amount: 99999999999999999999", "profiles.placement.anywhere.pricing.web.amount"),
        ("      profile: web", "      profile: other", "profiles.compute.other"),
        ("      count: 2", "      count: 0", "deployment.web.anywhere.count"),
        ("      count: 2", "      count: 2\n    elsewhere: {profile: web, count: 1}", "deployment.web.elsewhere"),
        ("version: \"2.0\"", "version: \"3.0\"", "version"),
        ("version: \"2.0\"", "version: \"2.0\"\nendpoints: {}", "endpoints"),
        ("version: \"2.0\"", "version: \"2.0\"\nx-berth: {durationSeconds: -1}", "x-berth.durationSeconds"),
        ("version: \"2.0\"", "version: \"2.0\"\nx-berth: {maxPrice: '1'}", "x-berth.maxPrice"),
        ("version: \"2.0\"", "version: \"2.0\"\nx-berth: {sudo: true}", "x-berth.sudo"),
    ] {
        assert!(WEB.contains(from), "{from}");
        let told = refused(&WEB.replacen(from, to, 1));
        assert_eq!(told.field, path, "{told}");
    }
    let told = refused(&GPU.replace("ram: 80Gi", "interface: sxm"));
    assert!(told.field.starts_with("profiles.compute.gpus.resources.gpu.attributes.vendor.nvidia[0]"), "{told}");
    assert!(refused(&WEB.replace("uxlm", "uakt")).detail.contains("XLM"));
}

#[test]
fn what_is_no_yaml_or_a_bomb_is_refused_at_once() {
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let last = i - 1;
            let alias = format!("*a{last}, ").repeat(9);
            text.push_str(&format!("a{i}: &a{i} [{alias}]\n"));
        }
        text
    };
    let nested = "[".repeat(10_000);
    let deep: String = (0..500).map(|depth| format!("{}a:\n", "  ".repeat(depth))).collect();
    let many = format!("a: [{}]", "1,".repeat(20_000));
    let merge = "base: &b {a: 1}\nservices:\n  <<: *b\n";
    let documents = "a: 1\n---\nb: 2\n";
    let twice = "version: \"2.0\"\nversion: \"2.0\"\n";
    let begun = std::time::Instant::now();
    for text in [&*bomb, &nested, &deep, &many, merge, documents, twice, "", "[]", "a: *nobody", "\t", "text", "\0"] {
        let told = refused(text);
        assert!(told.field.is_empty() || told.field == "version", "{told}");
    }
    assert!(order(&[0xff, 0xfe, 0]).is_err() && order(&vec![b' '; 1 << 20]).is_err());
    assert!(begun.elapsed().as_secs() < 5);
}
