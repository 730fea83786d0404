//! The disk's own tests: what it promises is kept, and what it may do it does.

use super::*;

/// Seeded choices.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut numbers = seed.wrapping_mul(0x1234_5678_9abc_def1);
    move |bound| {
        numbers = numbers.wrapping_add(1);
        power::mix(numbers) % bound
    }
}

fn write(file: &dyn File, offset: u64, bytes: &[u8]) {
    assert_eq!(file.write_at(offset, bytes).expect("no fault is armed"), bytes.len());
}

/// A file of 64 KiB of ones, synced under a synced name.
fn disk_with_ones(settings: Settings) -> FakeDisk {
    let disk = FakeDisk::with(settings);
    let file = disk.create("f", Use::Write).expect("a new name");
    write(&*file, 0, &[1; 65_536]);
    file.sync().expect("no fault");
    disk.sync_dir().expect("no fault");
    disk
}

#[test]
fn what_was_synced_survives_every_crash() {
    let disk = disk_with_ones(Settings::default());
    let file = disk.open("f", Use::Write).expect("it is there");
    write(&*file, 4096, &[2; 4096]);
    for seed in 0..500 {
        let after = disk.crash(&mut dice(seed)).read("f");
        assert_eq!(after.len(), 65_536);
        assert!(after[..4096].iter().chain(&after[8192..]).all(|byte| *byte == 1), "seed {seed}");
    }
    file.sync().expect("no fault");
    for seed in 0..500 {
        assert_eq!(disk.crash(&mut dice(seed)).read("f"), disk.read("f"), "seed {seed}");
    }
}

#[test]
fn unsynced_sectors_are_lost_kept_torn_reordered_and_damaged() {
    let disk = disk_with_ones(Settings::default());
    let file = disk.open("f", Use::Write).expect("it is there");
    write(&*file, 0, &[2; 4096]);
    write(&*file, 4096, &[3; 4096]);
    write(&*file, 0, &[4; 1024]);
    let (mut lost, mut kept, mut torn, mut reordered, mut damaged, mut older) = (0, 0, 0, 0, 0, 0);
    for seed in 0..2000 {
        let after = disk.crash(&mut dice(seed)).read("f");
        let sector = |n: usize| {
            let bytes = &after[n * SECTOR..(n + 1) * SECTOR];
            bytes.iter().all(|byte| *byte == bytes[0]).then_some(bytes[0])
        };
        let sectors: Vec<Option<u8>> = (0..16).map(sector).collect();
        lost += u32::from(sectors.iter().all(|s| *s == Some(1)));
        kept += u32::from(sectors[..2] == [Some(4); 2] && sectors[15] == Some(3));
        torn += u32::from(sectors[2] == Some(2) && sectors[7] == Some(1) && sectors[8] == Some(1));
        reordered += u32::from(sectors[2] == Some(1) && sectors[8] == Some(3));
        older += u32::from(sectors[0] == Some(2) && sectors[8] == Some(3));
        damaged += u32::from(sectors.iter().any(|s| !matches!(s, Some(1..=4))));
        assert!(after[8192..].iter().all(|byte| *byte == 1));
    }
    for (what, count) in [
        ("lost", lost),
        ("kept", kept),
        ("torn", torn),
        ("reordered", reordered),
        ("an older write", older),
        ("damaged", damaged),
    ] {
        assert!(count > 20, "{what}: {count} of 2000");
    }
}

#[test]
fn a_grown_file_may_keep_its_length_alone_and_show_what_was_deleted() {
    let disk = disk_with_ones(Settings::default());
    disk.remove("f").expect("it is there");
    disk.sync_dir().expect("no fault");
    let file = disk.create("g", Use::Write).expect("a new name");
    disk.sync_dir().expect("no fault");
    write(&*file, 0, &[2; 8192]);
    let (mut empty, mut zeros, mut stale) = (0, 0, 0);
    for seed in 0..1000 {
        let after = disk.crash(&mut dice(seed)).read("g");
        empty += u32::from(after.is_empty());
        zeros += u32::from(after.len() == 8192 && after.contains(&0));
        stale += u32::from(after.len() == 8192 && after.contains(&1));
    }
    assert!(empty > 20 && zeros > 20 && stale > 20, "{empty} {zeros} {stale}");
}

#[test]
fn a_write_that_syncs_itself_is_safe_once_it_returned_and_not_before() {
    let disk = disk_with_ones(Settings { synced_writes: true, ..Settings::default() });
    let file = disk.open("f", Use::Commit).expect("it is there");
    assert!(file.is_synced_by_writes());
    assert_eq!(file.write_at(1, &[2; 512]).expect_err("O_DIRECT").kind(), ErrorKind::InvalidInput);
    disk.film();
    write(&*file, 4096, &[2; 4096]);
    let film = disk.cut();
    assert_eq!(film.len(), 2, "{film:?}");
    let images =
        |disk: &FakeDisk| (0..200).map(|seed| disk.crash(&mut dice(seed)).read("f")).collect::<Vec<_>>();
    assert!(images(&film[0].disk).iter().any(|image| image[4096..8192].contains(&1)));
    assert!(images(&film[1].disk).iter().all(|image| *image == disk.read("f")));
}

#[test]
fn a_write_that_syncs_itself_syncs_nothing_else() {
    let disk = disk_with_ones(Settings { synced_writes: true, ..Settings::default() });
    let (buffered, direct) =
        (disk.open("f", Use::Write).expect("it is there"), disk.open("f", Use::Commit).expect("it is there"));
    write(&*buffered, 0, &[2; 12_288]);
    write(&*direct, 4096, &[3; 4096]);
    let mut lost = 0;
    for seed in 0..200 {
        let after = disk.crash(&mut dice(seed)).read("f");
        assert!(after[4096..8192].iter().all(|byte| *byte == 3), "seed {seed}");
        lost += u32::from(after[0] == 1 && after[8192] == 1);
    }
    assert!(lost > 20);
}

#[test]
fn names_are_durable_after_sync_dir_only() {
    let disk = disk_with_ones(Settings::default());
    disk.rename("f", "g").expect("it is there");
    let (mut old, mut new, mut both, mut none) = (0, 0, 0, 0);
    for seed in 0..500 {
        match &disk.crash(&mut dice(seed)).files()[..] {
            [] => none += 1,
            [name] if name == "f" => old += 1,
            [name] if name == "g" => new += 1,
            _ => both += 1,
        }
    }
    assert!(old > 20 && new > 20 && both > 10 && none > 10, "{old} {new} {both} {none}");
    disk.sync_dir().expect("no fault");
    assert!((0..100).all(|seed| disk.crash(&mut dice(seed)).files() == ["g"]));
}

#[test]
fn an_archived_file_is_no_longer_listed_and_no_crash_brings_it_back() {
    let disk = disk_with_ones(Settings::default());
    disk.archive("f").expect("it is there");
    assert!(disk.list().expect("no fault").is_empty());
    assert!((0..100).all(|seed| disk.crash(&mut dice(seed)).files() == ["archive/f"]));
}

#[test]
fn a_replaced_file_lives_on_in_its_handle() {
    let disk = disk_with_ones(Settings::default());
    let old = disk.open("f", Use::Read).expect("it is there");
    disk.create("g", Use::Write).expect("a new name");
    disk.rename("g", "f").expect("it is there");
    disk.sync_dir().expect("no fault");
    assert_eq!(disk.len_of("f"), 0);
    assert_eq!(old.len().expect("open"), 65_536);
}

#[test]
fn the_page_cache_outlives_a_killed_process_and_not_the_power() {
    let disk = disk_with_ones(Settings::default());
    let lock = disk.lock().expect("no fault");
    assert!(lock.is_some() && disk.lock().expect("no fault").is_none());
    write(&*disk.open("f", Use::Write).expect("it is there"), 0, &[2; 512]);
    let killed = disk.kill();
    assert_eq!(killed.read("f"), disk.read("f"));
    assert!(killed.lock().expect("no fault").is_some(), "a dead process holds no lock");
    assert!((0..100).any(|seed| killed.crash(&mut dice(seed)).read("f")[0] == 1));
    drop(lock);
    assert!(disk.lock().expect("no fault").is_some());
}

#[test]
fn a_sync_that_lied_is_not_made_good_by_the_next() {
    let disk = disk_with_ones(Settings { direct_reads: true, ..Settings::default() });
    let file = disk.open("f", Use::Write).expect("it is there");
    let mut differed = 0;
    for seed in 0..100 {
        write(&*file, 0, &[2; 8192]);
        disk.fail(Operation::Sync, 0, Fault::SyncLies { seed });
        file.sync().expect_err("it fails");
        file.sync().expect("nothing is dirty");
        assert!(disk.read("f")[..8192].iter().all(|byte| *byte == 2), "reads serve what was written");
        let crashed = disk.crash(&mut dice(seed)).read("f");
        let mut direct = vec![0; 65_536];
        disk.open("f", Use::ReadDirect).expect("it is there").read_at(0, &mut direct).expect("no fault");
        assert_eq!(direct, crashed, "nothing is dirty: power loss leaves just what the device has");
        differed += u32::from(crashed != disk.read("f"));
        write(&*file, 0, &[1; 8192]);
        file.sync().expect("what is written anew is taken");
        assert_eq!(disk.crash(&mut dice(seed)).read("f"), disk.read("f"));
    }
    assert!(differed > 20, "{differed}");
}

#[test]
fn a_lost_writeback_tells_nobody() {
    let disk = disk_with_ones(Settings::default());
    let file = disk.open("f", Use::Write).expect("it is there");
    write(&*file, 0, &[2; 8192]);
    disk.lose_writeback(&mut |_| 0);
    file.sync().expect("nobody knows");
    assert_eq!(disk.read("f")[0], 2);
    assert_eq!(disk.crash(&mut dice(1)).read("f")[0], 1);
}

#[test]
fn faults_strike_the_operation_they_were_meant_for() {
    let disk = disk_with_ones(Settings::default());
    let file = disk.open("f", Use::Write).expect("it is there");
    disk.fail(Operation::Write, 1, Fault::Short(5));
    disk.fail(Operation::Sync, 0, Fault::NoSpace);
    assert_eq!(file.write_at(0, &[2; 10]).expect("the first is well"), 10);
    assert_eq!(file.write_at(0, &[2; 10]).expect("the second is short"), 5);
    assert_eq!(file.sync().expect_err("armed").kind(), ErrorKind::StorageFull);
    file.sync().expect("each strikes once");
    disk.fail(Operation::Any, 0, Fault::Dead);
    file.read_at(0, &mut [0]).expect_err("armed");
    file.sync().expect_err("dead");
    disk.sync_dir().expect_err("dead");
    assert_eq!(disk.kill().files(), ["f"], "what it held can be looked at");
}

#[test]
fn space_bounds_growth_and_comes_back() {
    let disk = disk_with_ones(Settings::default());
    disk.set_space(Some(1000));
    let file = disk.create("g", Use::Write).expect("names are free");
    assert_eq!(file.write_at(0, &[2; 600]).expect("room"), 600);
    assert_eq!(file.write_at(600, &[2; 600]).expect("some room"), 400);
    assert_eq!(file.write_at(1000, &[2; 600]).expect_err("none").kind(), ErrorKind::StorageFull);
    assert_eq!(file.write_at(0, &[3; 1000]).expect("in place"), 1000);
    disk.remove("f").expect("it is there");
    disk.sync_dir().expect("no fault");
    assert_eq!(file.write_at(1000, &[2; 600]).expect("room again"), 600);
}

#[test]
fn power_can_be_cut_at_any_moment() {
    for moment in 0..4 {
        let disk = FakeDisk::new();
        disk.cut_power_at(moment);
        let run = || {
            let file = disk.create("f", Use::Write)?;
            file.write_at(0, &[1; 512])?;
            file.sync()?;
            disk.sync_dir()
        };
        run().expect_err("the power is off");
        disk.list().expect_err("the power stays off");
        let whole = (0..200).filter(|seed| disk.crash(&mut dice(*seed)).files() == ["f"]).count();
        assert_eq!(whole == 200, moment == 3, "only the directory's sync makes the name sure");
    }
}

#[test]
fn damage_at_rest_is_on_the_device() {
    let disk = disk_with_ones(Settings::default());
    disk.poke("f", 10, &[7; 5]);
    disk.flip("f", 0, 0x80);
    disk.copy_range(("f", 10), ("f", 5000), 5);
    disk.swap_ranges(("f", 0), ("f", 512), 1);
    let bytes = disk.read_device("f");
    assert_eq!(
        (bytes[0], bytes[512], &bytes[10..15], &bytes[5000..5005]),
        (1, 0x81, &[7; 5][..], &[7; 5][..])
    );
    disk.set_len_of("f", 100);
    disk.put("g", b"new");
    disk.swap_files("f", "g");
    assert_eq!((disk.read("f"), disk.len_of("g")), (b"new".to_vec(), 100));
    disk.rename_file("g", "f");
    assert_eq!(disk.files(), ["f"]);
    disk.delete("f");
    assert!(disk.crash(&mut dice(0)).files().is_empty());
}
