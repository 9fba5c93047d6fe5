use super::*;

fn a_deployment_keeps_what_it_was_given(host: Host) {
    let world = World::new(host);
    let config = world.escrow.config();
    assert_eq!((config.fee_bps, config.withdraw_delay), (500, DELAY));
    assert_eq!((config.window, config.cancel_after), (WINDOW, CANCEL_AFTER));
    assert_eq!((config.operator, config.treasury), (world.operator, world.treasury));
    assert_eq!(config.tokens, vec![&world.env, world.token.address, world.other.address]);
    assert_eq!(config.receipt_key.to_array(), world.node.verifying_key().to_bytes());
}

fn a_deployment_keeps_to_its_bounds(host: Host) {
    let most = crate::DELAY_SECONDS_MAX;
    type Change = fn(&Env, &mut Config);
    let cases: [(&str, bool, Change); 13] = [
        ("as it is", true, |_, _| ()),
        ("all of the pay as fee", true, |_, config| config.fee_bps = 10_000),
        ("more than all", false, |_, config| config.fee_bps = 10_001),
        ("thirty days of delay", true, |_, config| config.withdraw_delay = crate::DELAY_SECONDS_MAX),
        ("more delay", false, |_, config| config.withdraw_delay = crate::DELAY_SECONDS_MAX + 1),
        ("no delays", true, |_, config| (config.withdraw_delay, config.window, config.cancel_after) = (0, 0, 0)),
        ("a longer window", false, |_, config| config.window = crate::DELAY_SECONDS_MAX + 1),
        ("a later cancellation", false, |_, config| config.cancel_after = u64::MAX),
        ("operator and treasury in one", false, |_, config| config.treasury = config.operator.clone()),
        ("no token", false, |env, config| config.tokens = Vec::new(env)),
        ("a token twice", false, |_, config| config.tokens.push_back(config.tokens.get(0).unwrap())),
        ("eight tokens", true, |env, config| tokens(env, config, 8)),
        ("nine tokens", false, |env, config| tokens(env, config, 9)),
    ];
    for (what, fits, change) in cases {
        let deployed = std::panic::catch_unwind(|| {
            let env = environment();
            let mut config = Config {
                operator: Address::generate(&env),
                treasury: Address::generate(&env),
                tokens: vec![&env, Address::generate(&env)],
                fee_bps: 500,
                withdraw_delay: most,
                receipt_key: BytesN::from_array(&env, &[1; 32]),
                window: most,
                cancel_after: most,
            };
            change(&env, &mut config);
            deploy(&env, host, config);
        });
        assert_eq!(deployed.is_ok(), fits, "{what}");
    }
}

fn tokens(env: &Env, config: &mut Config, count: u32) {
    config.tokens = (0..count).fold(Vec::new(env), |mut tokens, _| {
        tokens.push_back(Address::generate(env));
        tokens
    });
}

on_both_hosts!(a_deployment_keeps_what_it_was_given, a_deployment_keeps_to_its_bounds);
