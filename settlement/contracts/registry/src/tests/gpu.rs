use super::*;
use crate::{Gpu, event};

fn a_gpu_is_listed_changed_and_found(host: Host) {
    let world = World::new(host);
    let World { env, registry, provider, tenant, .. } = &world;
    assert_eq!(registry.get_next_gpu_id(), 1);
    assert_eq!(world.register(provider, "RTX 4090", 24, 5), Ok(1));
    let model = String::from_str(env, "RTX 4090");
    let (vram_gb, price_per_hour) = (24, 5);
    world.published(&event::GpuRegistered {
        id: 1,
        provider: provider.clone(),
        model: model.clone(),
        vram_gb,
        price_per_hour,
    });
    assert_eq!(world.register(tenant, "H100", 80, 9), Ok(2));
    assert_eq!(world.register(provider, "A100", 80, 7), Ok(3));
    assert_eq!(registry.get_next_gpu_id(), 4);

    registry.update_price(provider, &1, &6);
    world.published(&event::GpuPrice { id: 1, provider: provider.clone(), price_per_hour: 6 });
    registry.set_availability(provider, &1, &false);
    world.published(&event::GpuAvailability { id: 1, provider: provider.clone(), available: false });
    let expected = Gpu {
        id: 1,
        provider: provider.clone(),
        model,
        vram_gb,
        price_per_hour: 6,
        available: false,
        registered_at: NOW,
    };
    assert_eq!(registry.get_gpu(&1), Some(expected));
    assert_eq!(registry.get_gpu(&9), None);
    assert_eq!(registry.get_provider_gpus(provider), vec![env, 1, 3]);
    assert_eq!(registry.get_provider_gpus(&world.admin), Vec::new(env));
}

fn what_describes_no_gpu_is_refused(host: Host) {
    let world = World::new(host);
    let World { registry, provider, tenant, .. } = &world;
    let long = "x".repeat(65);
    for (model, vram, price, error) in [
        ("", 24, 5, Error::ModelMalformed),
        (long.as_str(), 24, 5, Error::ModelMalformed),
        ("A", 0, 5, Error::VramMalformed),
        ("A", 65_537, 5, Error::VramMalformed),
        ("A", 24, 0, Error::PriceNotPositive),
        ("A", 24, -1, Error::PriceNotPositive),
    ] {
        assert_eq!(world.register(provider, model, vram, price), Err(error));
    }
    world.register(provider, &long[1..], 65_536, i128::MAX).unwrap();
    assert_eq!(refusal(registry.try_update_price(provider, &1, &0)), Err(Error::PriceNotPositive));
    // What is another's is not touched, nor what is not there.
    for (id, error) in [(1, Error::NotYourGpu), (2, Error::NoSuchGpu)] {
        assert_eq!(refusal(registry.try_update_price(tenant, &id, &1)), Err(error));
        assert_eq!(refusal(registry.try_set_availability(tenant, &id, &true)), Err(error));
        assert_eq!(refusal(registry.try_remove_gpu(tenant, &id)), Err(error));
    }
}

fn a_provider_has_room_for_64_and_makes_room_by_removing(host: Host) {
    let world = World::new(host);
    let World { registry, provider, .. } = &world;
    for id in 1..=64 {
        assert_eq!(world.register(provider, "A", 1, 1), Ok(id));
    }
    assert_eq!(world.register(provider, "A", 1, 1), Err(Error::TooManyGpus));
    registry.remove_gpu(provider, &2);
    world.published(&event::GpuRemoved { id: 2, provider: provider.clone() });
    assert_eq!(world.register(provider, "A", 1, 1), Ok(65), "a number is given once");
    let gpus = registry.get_provider_gpus(provider);
    assert_eq!((gpus.len(), gpus.get(1), gpus.last()), (64, Some(3), Some(65)));
    assert_eq!(registry.get_gpu(&2), None);
}

fn gpus_are_read_in_pages(host: Host) {
    let world = World::new(host);
    let World { registry, provider, .. } = &world;
    for _ in 1..=30 {
        world.register(provider, "A", 1, 1).unwrap();
    }
    registry.remove_gpu(provider, &12);
    let page = |from, limit| registry.get_gpus(&from, &limit).iter().map(|gpu| gpu.id).collect::<std::vec::Vec<_>>();
    assert_eq!(page(10, 4), [10, 11, 13]);
    assert_eq!(page(29, 9), [29, 30]);
    assert_eq!((page(31, 9).len(), page(u64::MAX, 9).len(), page(1, 0).len()), (0, 0, 0));
    assert_eq!(page(13, u32::MAX).len(), 18);
    assert_eq!(page(1, u32::MAX).len(), 19, "twenty numbers at most");
}

fn who_has_no_gpu_left_has_no_list(host: Host) {
    let world = World::new(host);
    world.register(&world.provider, "A", 1, 1).unwrap();
    world.registry.remove_gpu(&world.provider, &1);
    assert_eq!(world.registry.get_provider_gpus(&world.provider).len(), 0);
    let kept = world.env.as_contract(&world.registry.address, || {
        world.env.storage().persistent().has(&crate::storage::Key::Gpus(world.provider.clone()))
    });
    assert!(!kept);
}

on_both_hosts!(
    a_gpu_is_listed_changed_and_found,
    what_describes_no_gpu_is_refused,
    a_provider_has_room_for_64_and_makes_room_by_removing,
    gpus_are_read_in_pages,
    who_has_no_gpu_left_has_no_list,
);
