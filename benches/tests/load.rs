//! What is said of the load's mix is taken, and nothing else.

use berth_benches::gateway::Mix;

#[test]
fn a_mix_is_two_numbers() {
    assert_eq!("9:1".parse(), Ok(Mix { quotes: 9, orders: 1 }));
    assert_eq!("0:1".parse(), Ok(Mix { quotes: 0, orders: 1 }));
    for wrong in ["", "1", "1:", ":1", "0:0", "1:2:3", "-1:2", "70000:1", "a:b"] {
        let told = wrong.parse::<Mix>().unwrap_err();
        assert!(told.contains("QUOTES:ORDERS"), "{wrong}: {told}");
    }
}
