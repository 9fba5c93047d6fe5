//! The processes of the demo: ledger, node, and two providers of different
//! price and trust.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use berth_settlement::chain::Key;
use tokio::sync::mpsc;

use super::Demo;
use super::child::{Child, Role};
use super::show::Show;
use crate::fault::{Fault, While};
use crate::keys;

/// A provider of the demo.
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) level: &'static str,
    pub(super) price: &'static str,
    pub(super) key: Key,
}

/// All who take part.
pub(super) struct Cast {
    data: PathBuf,
    node_url: String,
    rpc_url: String,
    pub(super) tenant: Key,
    pub(super) treasury: Key,
    pub(super) hosts: [Host; 2],
    children: Vec<Child>,
    failed: mpsc::UnboundedSender<Fault>,
    show: Arc<Show>,
    docker: Option<String>,
}

impl Cast {
    /// Makes the keys; processes follow station by station. One that cannot be
    /// kept running is told to `failed`.
    pub(super) fn assemble(demo: &Demo, show: &Arc<Show>, failed: mpsc::UnboundedSender<Fault>) -> Result<Self, Fault> {
        let data = std::path::absolute(&demo.data).or_fault("finding the data folder")?;
        // A port that is free at this moment: the children are told of it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .or_fault("finding a port for the ledger")?
            .port();
        let host = |name, level, price| -> Result<Host, Fault> {
            Ok(Host { name, level, price, key: keys::kept(&data.join(name), "provider")? })
        };
        Ok(Self {
            node_url: format!("http://{}", demo.listen),
            rpc_url: format!("http://127.0.0.1:{port}"),
            tenant: keys::kept(&data, "tenant")?,
            treasury: keys::kept(&data.join("node"), "treasury")?,
            hosts: [host("provider-a", "Five", "80")?, host("provider-b", "Four", "72")?],
            children: Vec::new(),
            failed,
            show: show.clone(),
            docker: demo.docker.clone(),
            data,
        })
    }

    pub(super) fn node_url(&self) -> String {
        self.node_url.clone()
    }

    pub(super) fn rpc_url(&self) -> &str {
        &self.rpc_url
    }

    pub(super) fn node_data(&self) -> PathBuf {
        self.data.join("node")
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    pub(super) fn start_ledger(&mut self) -> Result<(), Fault> {
        let listen = self.rpc_url.trim_start_matches("http://").to_owned();
        let data = self.path("ledger");
        self.start("ledger", vec!["ledger".into(), "--data".into(), data, "--listen".into(), listen])
    }

    pub(super) fn start_node(&mut self) -> Result<(), Fault> {
        let listen = self.node_url.trim_start_matches("http://").to_owned();
        let mut args: Vec<String> = ["serve", "--open", "--data"].map(Into::into).into();
        args.extend([self.path("node"), "--listen".into(), listen, "--rpc".into(), self.rpc_url.clone()]);
        for host in &self.hosts {
            args.extend(["--grant".into(), format!("{}={}", keys::address(&host.key), host.level)]);
        }
        self.start("node", args)
    }

    pub(super) fn start_providers(&mut self) -> Result<(), Fault> {
        for i in 0..self.hosts.len() {
            let host = &self.hosts[i];
            let mut args: Vec<String> = ["provider", "run", "--url"].map(Into::into).into();
            args.extend([self.node_url.clone(), "--data".into(), self.path(host.name)]);
            args.extend(["--price".into(), host.price.into(), "--hostname".into(), host.name.into()]);
            args.extend(["--cpu", "4", "--memory", "8192", "--storage", "100"].map(Into::into));
            let name = host.name;
            self.start(name, args)?;
        }
        Ok(())
    }

    /// Ends the processes: those who speak to others first.
    pub(super) async fn dismiss(&mut self) {
        while let Some(child) = self.children.pop() {
            child.end().await;
        }
    }

    fn start(&mut self, name: &'static str, mut args: Vec<String>) -> Result<(), Fault> {
        args.push("--with-parent".into());
        if let (Some(docker), true) = (&self.docker, name != "ledger") {
            args.extend(["--docker".into(), docker.clone()]);
        }
        let role = Role { name, args, logs: self.logs(), pid_file: self.data.join(format!("{name}.pid")) };
        self.children.push(Child::start(role, self.show.clone(), self.failed.clone())?);
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        self.data.join(name).to_string_lossy().into_owned()
    }
}
