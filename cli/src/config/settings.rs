//! The table of all settings: what each is called in a file, in the environment
//! and as a flag of `berth serve`, and where it goes.

use super::Config;
use super::value::Value;

/// A setting.
pub(crate) struct Setting {
    /// Its place in a file.
    pub(crate) key: &'static str,
    /// Its variables of the environment; the first that is set counts.
    pub(crate) env: &'static [&'static str],
    /// Its flag of `berth serve`, and what it takes there; a flag without a name
    /// of its value takes none.
    pub(crate) flag: Option<(&'static str, &'static str)>,
    /// What it is.
    pub(crate) about: &'static str,
    /// Where it goes.
    pub(crate) at: fn(&mut Config) -> &mut dyn Value,
}

impl Setting {
    const fn new(
        key: &'static str,
        env: &'static [&'static str],
        about: &'static str,
        at: fn(&mut Config) -> &mut dyn Value,
    ) -> Self {
        Self { key, env, flag: None, about, at }
    }

    const fn flag(self, long: &'static str, value: &'static str) -> Self {
        Self { flag: Some((long, value)), ..self }
    }

    /// Its value as JSON.
    pub(crate) fn json(&self, config: &Config) -> serde_json::Value {
        (self.at)(&mut config.clone()).json()
    }

    /// What it takes.
    pub(crate) fn kind(&self) -> String {
        (self.at)(&mut Config::defaults(false)).kind()
    }
}

/// All of them, in the order of the reference.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("data", &["BERTH_DATA"], "Where the log and the node's keys are kept.", |c| &mut c.data)
        .flag("data", "DIR"),
    Setting::new("listen", &["BERTH_LISTEN"], "Where HTTP and WebSocket listen.", |c| &mut c.listen)
        .flag("listen", "ADDRESS"),
    Setting::new(
        "open",
        &["BERTH_OPEN"],
        "For trying out: trusts every address that a request names. Loopback only.",
        |c| &mut c.open,
    )
    .flag("open", ""),
    Setting::new(
        "domain",
        &["BERTH_DOMAIN"],
        "The domain at which accounts log in, such as berth.example.com, which is reached by HTTPS. Without it they \
         log in at the address that the node listens on.",
        |c| &mut c.domain,
    )
    .flag("domain", "DOMAIN"),
    Setting::new("token_seconds", &["BERTH_TOKEN_SECONDS"], "How long a login lasts.", |c| &mut c.token_seconds)
        .flag("token-seconds", "SECONDS"),
    Setting::new(
        "rpc",
        &["BERTH_RPC"],
        "JSON-RPC of the Stellar network to settle on. Without it, an open node runs a local network inside its \
         process, kept in DATA/ledger.",
        |c| &mut c.rpc,
    )
    .flag("rpc", "URL"),
    Setting::new("contract", &["BERTH_CONTRACT"], "The escrow contract. Without it, an open node deploys one.", |c| {
        &mut c.contract
    })
    .flag("contract", "CONTRACT"),
    Setting::new("grants", &["BERTH_GRANTS"], "Starting trust levels, for a new log.", |c| &mut c.grants)
        .flag("grant", "ADDRESS=LEVEL"),
    Setting::new("auditors", &["BERTH_AUDITORS"], "Whose attestations a new log counts for trust level Five.", |c| {
        &mut c.auditors
    })
    .flag("auditor", "ADDRESS"),
    Setting::new(
        "docker",
        &["BERTH_DOCKER", "DOCKER_HOST"],
        "The Docker engine of the house agent, such as unix:///var/run/docker.sock.",
        |c| &mut c.docker,
    )
    .flag("docker", "HOST"),
    Setting::new(
        "settle.channels",
        &["BERTH_SETTLE_CHANNELS"],
        "Accounts that pay for the operator's transactions, and so how many of them are in flight at once. The \
         operator's account gives each 10 XLM, and more when it runs low; 0 for none but that account itself.",
        |c| &mut c.settle.channels,
    ),
    Setting::new(
        "settle.operator_key",
        &["BERTH_OPERATOR_KEY"],
        "The file with the secret key of the contract's operator, where it is not DATA/keys/operator.key. The variable \
         BERTH_OPERATOR_SECRET holds the secret itself.",
        |c| &mut c.settle.operator_key,
    ),
    Setting::new(
        "settle.operator_command",
        &["BERTH_OPERATOR_COMMAND"],
        "A program that signs in place of a key, and its arguments (settlement.md).",
        |c| &mut c.settle.operator_command,
    ),
    Setting::new("disk.ballast", &["BERTH_BALLAST"], "MiB held back for a start on a full disk; 0 for none.", |c| {
        &mut c.disk.ballast
    })
    .flag("ballast", "MIB"),
    Setting::new(
        "disk.stop_below",
        &["BERTH_STOP_BELOW"],
        "Percent of the disk: with less free, nothing new is taken, while cancels, leases under way and reads go on.",
        |c| &mut c.disk.stop_below,
    )
    .flag("stop-below", "PERCENT"),
    Setting::new(
        "tls.certificate",
        &["BERTH_TLS_CERTIFICATE"],
        "The node's certificate and those between it and an authority, as PEM. With it, HTTPS alone is spoken.",
        |c| &mut c.tls.certificate,
    )
    .flag("tls-certificate", "FILE"),
    Setting::new("tls.key", &["BERTH_TLS_KEY"], "Its key, as PEM.", |c| &mut c.tls.key).flag("tls-key", "FILE"),
    Setting::new(
        "x402.price",
        &["BERTH_X402_PRICE"],
        "What each call costs by itself that is paid for by x402. Without it, nothing is paid for so.",
        |c| &mut c.x402.price,
    ),
    Setting::new("x402.most", &["BERTH_X402_MOST"], "The most that one such call may cost, its price included.", |c| {
        &mut c.x402.most
    }),
    Setting::new(
        "x402.wait_seconds",
        &["BERTH_X402_WAIT_SECONDS"],
        "How long a job that is paid for waits for a host. Then it is given back.",
        |c| &mut c.x402.wait_seconds,
    ),
    Setting::new(
        "x402.fee_max",
        &["BERTH_X402_FEE_MAX"],
        "The most that the network may take for one payment, in XLM; one that costs more is refused.",
        |c| &mut c.x402.fee_max,
    ),
    Setting::new(
        "limits.connections",
        &["BERTH_LIMITS_CONNECTIONS"],
        "Connections at once, WebSockets included; one more is answered 503 and closed.",
        |c| &mut c.limits.connections,
    ),
    Setting::new(
        "limits.connections_per_address",
        &["BERTH_LIMITS_CONNECTIONS_PER_ADDRESS"],
        "Of these, from one IP address; one more is answered 429 and closed.",
        |c| &mut c.limits.connections_per_address,
    ),
    Setting::new("limits.body_bytes", &["BERTH_LIMITS_BODY_BYTES"], "Bytes of a request's body.", |c| {
        &mut c.limits.body_bytes
    }),
    Setting::new(
        "limits.frame_bytes",
        &["BERTH_LIMITS_FRAME_BYTES"],
        "Bytes of a WebSocket message that a client sends, in however many frames.",
        |c| &mut c.limits.frame_bytes,
    ),
    Setting::new(
        "limits.head_seconds",
        &["BERTH_LIMITS_HEAD_SECONDS"],
        "How long a client may take for its request line and headers.",
        |c| &mut c.limits.head_seconds,
    ),
    Setting::new(
        "limits.body_seconds",
        &["BERTH_LIMITS_BODY_SECONDS"],
        "How long a client may take for a body.",
        |c| &mut c.limits.body_seconds,
    ),
    Setting::new(
        "limits.account_commands_per_second",
        &["BERTH_LIMITS_ACCOUNT_COMMANDS_PER_SECOND"],
        "Commands of an account that begin or change something, as tokens that come back.",
        |c| &mut c.limits.account_commands.per_second,
    ),
    Setting::new(
        "limits.account_commands_burst",
        &["BERTH_LIMITS_ACCOUNT_COMMANDS_BURST"],
        "Tokens that this bucket holds.",
        |c| &mut c.limits.account_commands.burst,
    ),
    Setting::new(
        "limits.account_cancels_per_second",
        &["BERTH_LIMITS_ACCOUNT_CANCELS_PER_SECOND"],
        "The same of commands that end something or keep a lease alive.",
        |c| &mut c.limits.account_cancels.per_second,
    ),
    Setting::new(
        "limits.account_cancels_burst",
        &["BERTH_LIMITS_ACCOUNT_CANCELS_BURST"],
        "Tokens that this bucket holds.",
        |c| &mut c.limits.account_cancels.burst,
    ),
    Setting::new(
        "limits.address_requests_per_second",
        &["BERTH_LIMITS_ADDRESS_REQUESTS_PER_SECOND"],
        "Requests of any kind from one IP address, as tokens that come back.",
        |c| &mut c.limits.address_requests.per_second,
    ),
    Setting::new(
        "limits.address_requests_burst",
        &["BERTH_LIMITS_ADDRESS_REQUESTS_BURST"],
        "Tokens that this bucket holds.",
        |c| &mut c.limits.address_requests.burst,
    ),
    Setting::new(
        "limits.address_cancels_per_second",
        &["BERTH_LIMITS_ADDRESS_CANCELS_PER_SECOND"],
        "Requests from one IP address that end something or keep a lease alive.",
        |c| &mut c.limits.address_cancels.per_second,
    ),
    Setting::new(
        "limits.address_cancels_burst",
        &["BERTH_LIMITS_ADDRESS_CANCELS_BURST"],
        "Tokens that this bucket holds.",
        |c| &mut c.limits.address_cancels.burst,
    ),
    Setting::new("log.level", &["BERTH_LOG"], "What is logged, on standard error.", |c| &mut c.log.level)
        .flag("log-level", "LEVEL"),
    Setting::new("log.format", &["BERTH_LOG_FORMAT"], "How it is written.", |c| &mut c.log.format)
        .flag("log-format", "FORMAT"),
    Setting::new(
        "telemetry.endpoint",
        &["BERTH_TELEMETRY_ENDPOINT"],
        "A collector of OpenTelemetry that takes traces as OTLP over HTTP, such as http://127.0.0.1:4318. Without it \
         there are none.",
        |c| &mut c.telemetry.endpoint,
    ),
    Setting::new("telemetry.sampling", &["BERTH_TELEMETRY_SAMPLING"], "The part of all traces that is sent.", |c| {
        &mut c.telemetry.sampling
    }),
    Setting::new(
        "telemetry.headers",
        &["BERTH_TELEMETRY_HEADERS"],
        "Headers that the collector wants. Their values are never shown.",
        |c| &mut c.telemetry.headers,
    ),
    Setting::new("client.url", &["BERTH_URL"], "The node that verbs ask.", |c| &mut c.client.url),
    Setting::new(
        "client.key",
        &["BERTH_KEY"],
        "The file with the key that asks: an account's own, or one that is registered with it.",
        |c| &mut c.client.key,
    ),
    Setting::new(
        "client.ca",
        &["BERTH_CA"],
        "Certificates (PEM) of the authorities that are believed about who a node is, instead of this machine's.",
        |c| &mut c.client.ca,
    ),
    Setting::new("client.output", &["BERTH_OUTPUT"], "How answers are printed.", |c| &mut c.client.output),
];

/// The setting with a key.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The key that was probably meant.
pub(crate) fn nearest(key: &str) -> Option<&'static str> {
    // A setting that was put into another table keeps its last name.
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let moved = SETTINGS.iter().find(|setting| last(setting.key) == last(key));
    let close = || {
        let distances = SETTINGS.iter().map(|setting| (distance(key, setting.key), setting.key));
        distances.min().filter(|(distance, _)| *distance <= 2 + key.len() / 8).map(|(_, key)| key)
    };
    moved.map(|setting| setting.key).or_else(close)
}

/// Changes of one letter that make one word of another.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_key_and_a_variable_mean_one_setting() {
        let mut keys = BTreeSet::new();
        let mut variables = BTreeSet::new();
        for setting in SETTINGS {
            assert!(keys.insert(setting.key), "{}", setting.key);
            assert!(setting.env.iter().all(|name| variables.insert(*name)), "{}", setting.key);
        }
    }

    #[test]
    fn a_wrong_key_is_answered_with_the_one_that_was_meant() {
        assert_eq!(distance("listen", "lisetn"), 2);
        assert_eq!(distance("", "abc"), 3);
        for (wrong, meant) in [
            ("lisen", Some("listen")),
            ("limits.body_byts", Some("limits.body_bytes")),
            ("disk.balast", Some("disk.ballast")),
            ("ballast", Some("disk.ballast")),
            ("server.listen", Some("listen")),
            ("something_else", None),
        ] {
            assert_eq!(nearest(wrong), meant, "{wrong}");
        }
    }

    /// The reference's table, as the code has it.
    fn table() -> String {
        let (public, open) = (Config::defaults(false), Config::defaults(true));
        let text = |value: serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::Array(items) if items.is_empty() => String::new(),
            serde_json::Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        let mut rows =
            String::from("| key | environment | flag | what it takes | default | |\n|---|---|---|---|---|---|\n");
        for setting in SETTINGS {
            let env: Vec<_> = setting.env.iter().map(|name| format!("`{name}`")).collect();
            let flag = setting.flag.map(|(long, _)| format!("`--{long}`")).unwrap_or_default();
            let (usual, of_open) = (text(setting.json(&public)), text(setting.json(&open)));
            let default = if usual == of_open { usual } else { format!("{usual}; open: {of_open}") };
            let cells = [&format!("`{}`", setting.key), &env.join(", "), &flag, &setting.kind(), &default];
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            rows.push_str(&format!("| {} | {} |\n", cells.join(" | "), setting.about).replace("|  |", "| |"));
        }
        rows
    }

    #[test]
    fn the_reference_is_the_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let begin = page.find("| key |").expect("the page has the table");
        let end = begin + page[begin..].find("\n\n").map_or(page.len() - begin, |end| end + 1);
        if std::env::var_os("BERTH_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, format!("{}{}{}", &page[..begin], table(), &page[end..])).unwrap();
            return;
        }
        assert!(page[begin..end] == table(), "docs/configuration.md is old: run with BERTH_WRITE_GOLDEN=1");
    }
}
