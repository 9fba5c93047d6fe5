use super::*;

fn a_deployment_keeps_what_it_was_given(host: Host) {
    let world = World::new(host);
    let config = world.registry.config();
    assert_eq!((config.unbonding, config.period), (UNBONDING, PERIOD));
    assert_eq!((config.slash_max, config.slash_period_max), (SLASH_MAX, SLASH_PERIOD_MAX));
    assert_eq!((config.admin, config.operator, config.token), (world.admin, world.operator, world.token.address));
    assert_eq!(world.registry.auditors(), vec![&world.env, world.auditor]);
}

fn a_deployment_keeps_to_its_bounds(host: Host) {
    type Change = fn(&mut Config);
    let auditors = |env: &Env, count: u32| {
        (0..count).fold(Vec::new(env), |mut auditors, _| {
            auditors.push_back(Address::generate(env));
            auditors
        })
    };
    let cases: [(&str, u32, bool, Change); 11] = [
        ("as it is", 1, true, |_| ()),
        ("no auditor", 0, true, |_| ()),
        ("sixteen auditors", 16, true, |_| ()),
        ("seventeen auditors", 17, false, |_| ()),
        ("ninety days", 1, true, |config| config.unbonding = crate::UNBONDING_SECONDS_MAX),
        ("more", 1, false, |config| config.unbonding = crate::UNBONDING_SECONDS_MAX + 1),
        ("admin and operator in one", 1, false, |config| config.admin = config.operator.clone()),
        ("no slash", 1, false, |config| config.slash_max = 0),
        ("a slash beyond a period's", 1, false, |config| config.slash_max = SLASH_PERIOD_MAX + 1),
        ("a slash that is a period's", 1, true, |config| config.slash_max = SLASH_PERIOD_MAX),
        ("no period", 1, false, |config| config.period = 0),
    ];
    for (what, count, fits, change) in cases {
        let deployed = std::panic::catch_unwind(|| {
            let env = environment();
            let mut config = Config {
                admin: Address::generate(&env),
                operator: Address::generate(&env),
                token: Address::generate(&env),
                unbonding: 0,
                slash_max: 1,
                slash_period_max: SLASH_PERIOD_MAX,
                period: 1,
            };
            change(&mut config);
            deploy(&env, host, config, auditors(&env, count));
        });
        assert_eq!(deployed.is_ok(), fits, "{what}");
    }
}

fn an_auditor_is_named_once(host: Host) {
    let world = World::new(host);
    let deployed = std::panic::catch_unwind(|| {
        let env = environment();
        let auditor = Address::generate(&env);
        let config = Config {
            admin: Address::generate(&env),
            operator: Address::generate(&env),
            token: Address::generate(&env),
            unbonding: 0,
            slash_max: 1,
            slash_period_max: 1,
            period: 1,
        };
        deploy(&env, host, config, vec![&env, auditor.clone(), auditor]);
    });
    assert!(deployed.is_err());
    world.registry.set_auditor(&world.auditor, &true);
    world.published_nothing();
    assert_eq!(world.registry.auditors().len(), 1);
}

on_both_hosts!(a_deployment_keeps_what_it_was_given, a_deployment_keeps_to_its_bounds, an_auditor_is_named_once);
