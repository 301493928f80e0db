//! What a store relies on, whatever the volume can do.

use super::{Scene, on_drive, on_share};
use crate::{
    Class, Dir, File,
    win32::{Api, fake::FakeVolume},
};
use std::thread;

/// Tests of these names, each on all fakes and on the real thing.
macro_rules! everywhere {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            for volume in [FakeVolume::ntfs, FakeVolume::refs, FakeVolume::wine] {
                holds::$name(&on_drive(volume).1);
            }
            holds::$name(&on_share(FakeVolume::share).1);
            #[cfg(all(test, windows))]
            {
                let folder = tempfile::tempdir().unwrap();
                let fs = crate::Platform::new(&crate::Options::default()).unwrap();
                holds::$name(&Scene::new(&fs, folder.path().to_str().unwrap()));
            }
        }
    )*};
}

everywhere! {
    what_was_staged_is_published_whole_and_its_staged_name_is_gone
    publishing_never_replaces
    a_name_in_another_case_finds_nothing_and_yet_is_taken
    a_reader_goes_on_after_its_file_was_removed_and_the_name_is_free_at_once
    what_is_staged_is_open_to_nobody_else
    only_regular_files_are_files
    a_path_may_be_longer_than_260_characters
    lengths_and_ends_are_exact
    many_threads_write_one_file_at_once
    a_copy_has_the_data_and_keeps_holes_as_zeros
    a_published_file_is_known_again_by_its_id
    a_directory_is_listed_as_it_is_stored
    the_volume_is_one_and_has_room
}

mod holds {
    use super::*;

    pub(super) fn what_was_staged_is_published_whole_and_its_staged_name_is_gone<A: Api>(scene: &Scene<A>) {
        scene.publish("id", b"whole").unwrap();
        assert_eq!(scene.read("id").unwrap(), b"whole");
        assert_eq!(scene.staging.names().unwrap(), Vec::<String>::new());
    }

    pub(super) fn publishing_never_replaces<A: Api>(scene: &Scene<A>) {
        scene.publish("id", b"old").unwrap();
        assert_eq!(scene.publish("id", b"new").unwrap_err().class(), Class::Exists);
        let reader = scene.root.open_file("id").unwrap();
        assert_eq!(scene.publish("id", b"new").unwrap_err().class(), Class::Exists);
        drop(reader);
        assert_eq!(scene.read("id").unwrap(), b"old");
        assert_eq!(scene.staging.names().unwrap(), Vec::<String>::new());
    }

    pub(super) fn a_name_in_another_case_finds_nothing_and_yet_is_taken<A: Api>(scene: &Scene<A>) {
        scene.publish("Image-ä", b"one").unwrap();
        for other in ["image-ä", "IMAGE-Ä"] {
            assert_eq!(scene.root.open_file(other).unwrap_err().class(), Class::NotFound);
            assert_eq!(scene.root.metadata(other).unwrap_err().class(), Class::NotFound);
            assert_eq!(scene.root.remove(other).unwrap_err().class(), Class::NotFound);
            assert_eq!(scene.root.reopen_file(other).unwrap_err().class(), Class::NotFound);
            assert_eq!(scene.root.create_file(other).unwrap_err().class(), Class::Exists);
            assert_eq!(scene.publish(other, b"two").unwrap_err().class(), Class::Exists);
        }
        assert_eq!(scene.root.open_dir("STAGING").unwrap_err().class(), Class::NotFound);
        assert_eq!(scene.read("Image-ä").unwrap(), b"one");
    }

    pub(super) fn a_reader_goes_on_after_its_file_was_removed_and_the_name_is_free_at_once<A: Api>(scene: &Scene<A>) {
        scene.publish("id", b"old data").unwrap();
        let reader = scene.root.open_file("id").unwrap();
        assert_eq!(reader.read_at(0, 3).unwrap(), b"old");
        scene.root.remove("id").unwrap();
        assert_eq!(scene.names(), Vec::<String>::new());
        assert_eq!(scene.root.metadata("id").unwrap_err().class(), Class::NotFound);
        assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::NotFound);

        scene.publish("id", b"new").unwrap();
        scene.root.sweep().unwrap();
        assert_eq!(reader.read_at(3, 100).unwrap(), b" data");
        assert_eq!(scene.read("id").unwrap(), b"new");
        drop(reader);
        scene.root.sweep().unwrap();
        if let Ok(trash) = scene.root.open_dir(".casement-trash") {
            assert_eq!(trash.names().unwrap(), Vec::<String>::new());
        }
    }

    pub(super) fn what_is_staged_is_open_to_nobody_else<A: Api>(scene: &Scene<A>) {
        let file = scene.stage("id", b"data");
        assert_eq!(scene.staging.open_file("id").unwrap_err().class(), Class::Held);
        assert_eq!(scene.staging.reopen_file("id").unwrap_err().class(), Class::Held);
        assert_eq!(scene.staging.remove("id").unwrap_err().class(), Class::Held);
        assert_eq!(scene.staging.create_file("id").unwrap_err().class(), Class::Exists);
        assert_eq!(scene.staging.metadata("id").unwrap().size, 4);
        drop(file);
        let file = scene.staging.reopen_file("id").unwrap();
        assert_eq!(file.read_at(0, 100).unwrap(), b"data");
        drop(file);
        scene.staging.remove("id").unwrap();
        assert_eq!(scene.staging.metadata("id").unwrap_err().class(), Class::NotFound);
    }

    pub(super) fn only_regular_files_are_files<A: Api>(scene: &Scene<A>) {
        scene.publish("id", b"").unwrap();
        assert_eq!(scene.root.open_file("staging").unwrap_err().class(), Class::NotFound);
        assert_eq!(scene.root.remove("staging").unwrap_err().class(), Class::NotFound);
        assert!(!scene.root.metadata("staging").unwrap().is_file);
        assert!(scene.root.metadata("id").unwrap().is_file);
        assert_eq!(scene.root.open_dir("id").unwrap_err().class(), Class::NotADirectory);
        assert_eq!(scene.root.open_dir("none").unwrap_err().class(), Class::NotFound);
        assert_eq!(scene.root.make_dir("staging").unwrap_err().class(), Class::Exists);
        assert_eq!(scene.root.open_file("none").unwrap_err().class(), Class::NotFound);
    }

    pub(super) fn a_path_may_be_longer_than_260_characters<A: Api>(scene: &Scene<A>) {
        let name = "a".repeat(80);
        let deep = |dir: &<crate::win32::Ntfs<A> as crate::FileSystem>::Dir| {
            dir.make_dir(&name).unwrap();
            dir.open_dir(&name).unwrap()
        };
        let dir = deep(&deep(&deep(&deep(&scene.root))));
        scene.staging.publish("id", scene.stage("id", b"deep"), &dir, &name).unwrap();
        dir.sync().unwrap();
        assert_eq!(dir.names().unwrap(), [&*name]);
        assert_eq!(dir.open_file(&name).unwrap().read_at(0, 10).unwrap(), b"deep");
        dir.remove(&name).unwrap();
        assert_eq!(dir.names().unwrap(), Vec::<String>::new());
    }

    pub(super) fn lengths_and_ends_are_exact<A: Api>(scene: &Scene<A>) {
        let file = scene.stage("id", b"0123456789");
        file.preallocate(100_000).unwrap();
        assert_eq!(file.metadata().unwrap().size, 10);
        assert_eq!(file.read_at(8, 100).unwrap(), b"89");
        assert_eq!(file.read_at(10, 100).unwrap(), b"");
        assert_eq!(file.read_at(1000, 100).unwrap(), b"");
        file.set_len(12).unwrap();
        assert_eq!(file.read_at(8, 100).unwrap(), b"89\0\0");
        file.set_len(4).unwrap();
        file.write_all_at(b"x", 6).unwrap();
        assert_eq!(file.read_at(0, 100).unwrap(), b"0123\0\0x");
        file.write_all_at(b"", 0).unwrap();
    }

    pub(super) fn many_threads_write_one_file_at_once<A: Api>(scene: &Scene<A>) {
        let file = scene.staging.create_file("id").unwrap();
        let part = |number: u8| vec![number; 10_000];
        thread::scope(|scope| {
            for number in 0..8 {
                let file = &file;
                scope.spawn(move || file.write_all_at(&part(number), u64::from(number) * 10_000).unwrap());
            }
        });
        let whole: Vec<u8> = (0..8).flat_map(part).collect();
        assert_eq!(file.read_at(0, 100_000).unwrap(), whole);
    }

    pub(super) fn a_copy_has_the_data_and_keeps_holes_as_zeros<A: Api>(scene: &Scene<A>) {
        let source = scene.staging.create_file("from").unwrap();
        source.make_sparse().unwrap();
        source.write_all_at(&[1; 5000], 10_000).unwrap();
        source.write_all_at(&[2; 3000], 2_000_000).unwrap();
        source.set_len(3_000_001).unwrap();
        source.sync().unwrap();
        let target = scene.staging.create_file("to").unwrap();
        target.copy_from(&source, 3_000_001).unwrap();
        assert_eq!(target.metadata().unwrap().size, 3_000_001);
        assert_eq!(target.read_at(0, 4_000_000).unwrap(), source.read_at(0, 4_000_000).unwrap());
        let error = scene.staging.create_file("more").unwrap().copy_from(&source, 4_000_000).unwrap_err();
        assert_eq!(error.class(), Class::Corrupt);
    }

    pub(super) fn a_published_file_is_known_again_by_its_id<A: Api>(scene: &Scene<A>) {
        let file = scene.stage("id", b"data");
        let id = file.metadata().unwrap().id;
        scene.staging.publish("id", file, &scene.root, "id").unwrap();
        assert_eq!(scene.root.metadata("id").unwrap().id, id);
        scene.publish("other", b"data").unwrap();
        assert_ne!(scene.root.metadata("other").unwrap().id, id);
    }

    pub(super) fn a_directory_is_listed_as_it_is_stored<A: Api>(scene: &Scene<A>) {
        assert_eq!(scene.names(), Vec::<String>::new());
        for name in ["B", "a", "ü.iso"] {
            scene.publish(name, b"").unwrap();
        }
        assert_eq!(scene.names(), ["B", "a", "ü.iso"]);
    }

    pub(super) fn the_volume_is_one_and_has_room<A: Api>(scene: &Scene<A>) {
        assert_eq!(scene.root.volume().unwrap(), scene.staging.volume().unwrap());
        let space = scene.root.space().unwrap();
        assert!(space.available > 0 && !space.read_only);
        scene.root.is_mounted().unwrap();
    }
}
