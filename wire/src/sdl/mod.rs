//! Orders as Akash writes them: a subset of the Stack Definition Language 2.0.
//!
//! One service, on one placement, becomes one order. What a document says beyond
//! that is refused by its path, since an order that ignores half of what was asked
//! for costs money all the same. What the language has no words for (who rents, for
//! how long) stands under `x-berth`, with the names that an order has in JSON.

mod read;
mod units;

use serde_json::{Map, Value, json};

use self::read::At;
use self::units::{amount, bytes, cores};
use crate::json::{Malformed, parse_value};
use crate::request::OrderRequest;

/// The key of what the language has no words for.
const EXTRA: &str = "x-berth";
/// What an order has of its own, and the document says elsewhere.
const SAID_ELSEWHERE: [&str; 4] = ["maxPrice", "per", "quantity", "specification"];
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Which service of a document on which placement, by name.
struct Names<'a> {
    service: &'a str,
    placement: &'a str,
    profile: &'a str,
    /// Places in `expose` of the ports that are published.
    exposed: Vec<usize>,
}

/// The order that a document asks for. Its duration may be missing: the language
/// does not say one.
///
/// # Errors
/// Names what is malformed or outside the subset by its path in the document, such
/// as `services.web.expose[0].accept`.
pub fn order(document: &[u8]) -> Result<OrderRequest, Malformed> {
    let document = read::document(document)?;
    let root = At::root(&document).only(&["version", "services", "profiles", "deployment", EXTRA])?;
    let version = root.need("version")?;
    if !matches!(version.text_or_number()?.as_str(), "2" | "2.0") {
        return Err(version.wrong("must be \"2.0\""));
    }
    let (service, placements) = root.need("deployment")?.single("an order runs one service")?;
    let (placement, deployed) = placements.single("an order has one placement")?;
    let deployed = deployed.only(&["profile", "count"])?;
    let profile = deployed.need("profile")?.text()?;
    let count = deployed.need("count")?;

    let services = root.need("services")?;
    let (named, what) = services.single("an order runs one service")?;
    if named != service {
        return Err(services.at(service).wrong("is missing, and deployment names it"));
    }
    let mut names = Names { service, placement, profile, exposed: Vec::new() };
    let mut specification = run(what, &mut names)?;
    let profiles = root.need("profiles")?.only(&["compute", "placement"])?;
    let (_, compute) = profiles.need("compute")?.single_named(profile, "an order has one compute profile")?;
    resources(compute, &mut specification)?;
    let (_, place) = profiles.need("placement")?.single_named(placement, "an order has one placement")?;
    let place = place.only(&["attributes", "pricing"])?;
    if let Some(attributes) = place.get("attributes") {
        let wanted = attributes.entries()?.map(|(key, value)| Ok((key.to_owned(), value.text_or_number()?.into())));
        specification.insert("requires".to_owned(), wanted.collect::<Result<Map<_, _>, Malformed>>()?.into());
    }
    let (_, price) = place.need("pricing")?.single_named(profile, "an order has one price")?;
    let units = match specification.get("gpu") {
        Some(gpu) => gpu["count"].as_u64(),
        None => specification["cpu"].as_u64(),
    };
    // What Akash prices is a replica, and an order's price is a unit's.
    let price = amount(price, units.unwrap_or(1))?;
    finish(&root, &names, specification, price, count.value)
}

/// Puts the order together, and says what is wrong with it where the document has
/// it.
fn finish(
    root: &At<'_>,
    names: &Names<'_>,
    specification: Map<String, Value>,
    price: String,
    count: &Value,
) -> Result<OrderRequest, Malformed> {
    let mut order = Map::new();
    if let Some(extra) = root.get(EXTRA) {
        for (key, value) in extra.entries()? {
            if SAID_ELSEWHERE.contains(&key) {
                return Err(value.wrong("is said by the document itself"));
            }
            order.insert(key.to_owned(), value.value.clone());
        }
    }
    order.insert("maxPrice".to_owned(), price.into());
    order.insert("per".to_owned(), "block".into());
    order.insert("quantity".to_owned(), count.clone());
    order.insert("specification".to_owned(), specification.into());
    let order: OrderRequest = parse_value(order.into()).map_err(|malformed| names.place(malformed))?;
    let mut whole = order.clone();
    if whole.duration_seconds.is_none() && whole.duration_blocks.is_none() {
        whole.duration_seconds = Some(whole.prepay_seconds.unwrap_or(1));
    }
    whole.parse().map_err(|malformed| names.place(malformed))?;
    Ok(order)
}

/// What runs, without what it takes.
fn run<'a>(service: At<'a>, names: &mut Names<'a>) -> Result<Map<String, Value>, Malformed> {
    if let Some(command) = service.get("command") {
        return Err(command.wrong("replaces the image's entrypoint, which is not offered: say args"));
    }
    let service = service.only(&["image", "args", "env", "expose"])?;
    let mut specification = Map::new();
    specification.insert("image".to_owned(), service.need("image")?.text()?.into());
    if let Some(args) = service.get("args") {
        let args = args.items()?.map(|arg| arg.text_or_number().map(Value::from));
        specification.insert("command".to_owned(), args.collect::<Result<Vec<_>, _>>()?.into());
    }
    if let Some(env) = service.get("env") {
        let mut variables = Map::new();
        for line in env.items()? {
            let (name, value) = line.text()?.split_once('=').ok_or_else(|| line.wrong("is not NAME=VALUE"))?;
            if variables.insert(name.to_owned(), value.into()).is_some() {
                return Err(line.wrong("names a variable for the second time"));
            }
        }
        specification.insert("env".to_owned(), variables.into());
    }
    let mut ports = Vec::new();
    if let Some(expose) = service.get("expose") {
        for (i, one) in expose.items()?.enumerate() {
            if let Some(port) = port(one)? {
                ports.push(port);
                names.exposed.push(i);
            }
        }
    }
    specification.insert("ports".to_owned(), ports.into());
    Ok(specification)
}

/// A port that is published; none where it is for nobody outside.
fn port(expose: At<'_>) -> Result<Option<Value>, Malformed> {
    let expose = expose.only(&["port", "as", "proto", "to"])?;
    let mut port = json!({ "containerPort": expose.need("port")?.value });
    if let Some(other) = expose.get("as") {
        port["hostPort"] = other.value.clone();
    }
    if let Some(proto) = expose.get("proto") {
        let name = proto.text()?.to_ascii_lowercase();
        if !matches!(name.as_str(), "tcp" | "udp") {
            return Err(proto.wrong("must be tcp or udp"));
        }
        port["protocol"] = name.into();
    }
    let mut is_global = false;
    if let Some(to) = expose.get("to") {
        for one in to.items()? {
            let global = one.only(&["global"])?.need("global")?;
            is_global |= global.value.as_bool().ok_or_else(|| global.wrong("is not true or false"))?;
        }
    }
    Ok(is_global.then_some(port))
}

/// What it takes.
fn resources(compute: At<'_>, specification: &mut Map<String, Value>) -> Result<(), Malformed> {
    let resources = compute.only(&["resources"])?.need("resources")?.only(&["cpu", "memory", "storage", "gpu"])?;
    let cpu = resources.need("cpu")?.only(&["units"])?;
    specification.insert("cpu".to_owned(), cores(&cpu.need("units")?)?.into());
    let memory = resources.need("memory")?.only(&["size"])?;
    specification.insert("memory".to_owned(), bytes(&memory.need("size")?)?.div_ceil(MIB).into());
    if let Some(storage) = resources.get("storage") {
        // One volume may stand in a list of its own.
        let storage = match storage.value {
            Value::Array(items) if items.len() > 1 => {
                return Err(storage.item(1).wrong("is a second volume: one is offered"));
            }
            Value::Array(items) if items.len() == 1 => storage.item(0),
            _ => storage,
        };
        let size = storage.only(&["size"])?.need("size")?;
        specification.insert("storage".to_owned(), bytes(&size)?.div_ceil(GIB).into());
    }
    match resources.get("gpu") {
        Some(gpu) => graphics(gpu, specification),
        None => Ok(()),
    }
}

fn graphics(gpu: At<'_>, specification: &mut Map<String, Value>) -> Result<(), Malformed> {
    let gpu = gpu.only(&["units", "attributes"])?;
    let units = gpu.need("units")?;
    if units.text_or_number()? == "0" {
        return Ok(());
    }
    let count = cores(&units)?;
    let vendors = gpu.need("attributes")?.only(&["vendor"])?.need("vendor")?.only(&["nvidia"])?;
    let models = vendors.need("nvidia")?;
    let mut listed = models.items()?;
    let model = listed.next().ok_or_else(|| models.wrong("names no model"))?;
    if let Some(second) = listed.next() {
        return Err(second.wrong("is a second model: an order is for one"));
    }
    let model = model.only(&["model", "ram"])?;
    let ram = model.need("ram")?;
    let vram = bytes(&ram)?;
    if vram % GIB != 0 {
        return Err(ram.wrong("is not a whole number of GiB, such as 80Gi"));
    }
    let name = model.need("model")?.text()?.to_ascii_uppercase();
    specification.insert("gpu".to_owned(), json!({ "model": name, "vram": vram / GIB, "count": count }));
    Ok(())
}

impl Names<'_> {
    /// The same, said of the part of the document that it comes from.
    fn place(&self, malformed: Malformed) -> Malformed {
        let Self { service, placement, profile, exposed } = self;
        let field = malformed.field.as_str();
        let place = |head: &str, to: String| field.strip_prefix(head).map(|rest| format!("{to}{rest}"));
        let resources = format!("profiles.compute.{profile}.resources");
        let port = || {
            let (index, rest) = field.strip_prefix("specification.ports[")?.split_once(']')?;
            let index = exposed.get(index.parse::<usize>().ok()?)?;
            let rest = match rest {
                ".containerPort" => ".port",
                ".hostPort" => ".as",
                ".protocol" => ".proto",
                other => other,
            };
            Some(format!("services.{service}.expose[{index}]{rest}"))
        };
        let field = port()
            .or_else(|| place("specification.ports", format!("services.{service}.expose")))
            .or_else(|| place("specification.image", format!("services.{service}.image")))
            .or_else(|| place("specification.env", format!("services.{service}.env")))
            .or_else(|| place("specification.command", format!("services.{service}.args")))
            .or_else(|| place("specification.requires", format!("profiles.placement.{placement}.attributes")))
            .or_else(|| place("specification.cpu", format!("{resources}.cpu.units")))
            .or_else(|| place("specification.memory", format!("{resources}.memory.size")))
            .or_else(|| place("specification.storage", format!("{resources}.storage.size")))
            .or_else(|| place("specification.gpu.count", format!("{resources}.gpu.units")))
            .or_else(|| place("specification.gpu", format!("{resources}.gpu.attributes.vendor.nvidia[0]")))
            .or_else(|| place("specification", format!("services.{service}")))
            .or_else(|| place("maxPrice", format!("profiles.placement.{placement}.pricing.{profile}.amount")))
            .or_else(|| place("quantity", format!("deployment.{service}.{placement}.count")))
            .unwrap_or_else(|| format!("{EXTRA}.{field}"));
        Malformed { field, ..malformed }
    }
}
