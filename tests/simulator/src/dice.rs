//! Chance out of a seed: xoshiro256**, its state filled by splitmix64, both by
//! Blackman and Vigna (<https://prng.di.unimi.it>). The same seed gives the same
//! numbers on every machine and in every build.

/// A source of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice([u64; 4]);

impl Dice {
    /// Numbers of a seed. Different streams of one seed have nothing to do
    /// with each other.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut place = seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95);
        Self([(); 4].map(|()| {
            place = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (place ^ (place >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    pub(crate) const fn number(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let number = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        number
    }

    /// A number below `n`; zero when `n` is.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let product = u128::from(self.number()) * u128::from(n);
        u64::try_from(product >> 64).expect("the upper half of 128 bits has 64")
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// The same, for the small numbers that units and replicas are.
    pub(crate) fn small(&mut self, least: u32, most: u32) -> u32 {
        u32::try_from(self.between(least.into(), most.into())).expect("both bounds have 32 bits")
    }

    /// Whether something happens that happens once in `n`.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Whether something happens that happens `n` times in a thousand.
    pub(crate) fn per_mille(&mut self, n: u64) -> bool {
        self.below(1_000) < n
    }

    /// One of a few.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        self.choose(from).expect("the caller gives some")
    }

    /// One of perhaps none.
    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let place = self.below(from.len() as u64);
        from.get(usize::try_from(place).ok()?).copied()
    }

    /// Which of several weights: its place.
    pub(crate) fn weigh(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut rest = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if rest < weight {
                return place;
            }
            rest -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first number of a reference run whose state is 1, 2, 3, 4 (the test
    /// vector of the rand_xoshiro crate).
    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let mut dice = Dice([1, 2, 3, 4]);
        let numbers = [(); 4].map(|()| dice.number());
        assert_eq!(numbers, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn every_place_comes_up_about_as_often_as_it_weighs() {
        let mut dice = Dice::new(1, 0);
        let mut counts = [0_u32; 3];
        for _ in 0..6_000 {
            counts[dice.weigh([1, 2, 3].into_iter())] += 1;
        }
        assert!((900..1_100).contains(&counts[0]) && (1_850..2_150).contains(&counts[1]), "{counts:?}");
        assert!((0..1_000).all(|_| (3..=5).contains(&dice.between(3, 5))));
    }
}
