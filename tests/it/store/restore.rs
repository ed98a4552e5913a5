//! A copy of the database that is put back: what ended since does not come to life again.

use stepgate::{
    factor::app::step_of,
    store::{Accounts, BackupCodeRecord, Devices, Edit, Families, LoginBindings, sql::Sql},
};

use super::{NOW, accounts::device, audit::on_both, binding, factor, subject};

#[test]
fn after_a_restore_only_the_factors_count() {
    on_both(async |url| {
        let sql = Sql::open(&url).await.unwrap();
        let ayu = subject("ayu");
        let codes = vec![BackupCodeRecord { id: "c".into(), selector: "AAAA".into(), hash: "$argon2id$…".into() }];
        sql.apply(&ayu, &[Edit::Add(factor("f", &ayu)), Edit::ReplaceBackupCodes(codes)]).await.unwrap();
        sql.remember(&device("d", "ayu", 1), 5).await.unwrap();
        sql.bind([1; 32], &ayu, NOW.plus(std::time::Duration::from_secs(60))).await.unwrap();
        assert!(sql.open(binding(1), &ayu, NOW).await.unwrap());
        sql.end(binding(2), NOW).await.unwrap();
        let before = sql.raise_epoch(&ayu).await.unwrap();

        let voided = sql.void_before(NOW).await.unwrap();
        assert_eq!((voided.players.clone(), voided.without_codes.clone()), (vec![ayu.clone()], vec![ayu.clone()]));
        assert_eq!((voided.epoch, voided.step), (NOW.secs(), step_of(NOW) - 1));
        assert_eq!(sql.epoch_if_open(binding(1), &ayu).await.unwrap(), None, "the stamp counts no more");
        assert!(!sql.open(binding(2), &ayu, NOW).await.unwrap(), "what was ended stays ended");
        assert!(Devices::find(&sql, "d", NOW).await.unwrap().is_none());
        assert!(LoginBindings::subject(&sql, [1; 32], NOW).await.unwrap().is_none());
        assert!(sql.backup_code(&ayu, "AAAA").await.unwrap().is_none());
        // Codes up to the step before this one may have been used.
        for step in [10, step_of(NOW) - 2, step_of(NOW) - 1] {
            assert!(!sql.advance_step("f", step).await.unwrap(), "{step}");
        }
        assert!(sql.advance_step("f", step_of(NOW)).await.unwrap());
        // The log-in may be proven again, under an epoch that no stamp had.
        assert!(sql.open(binding(1), &ayu, NOW).await.unwrap());
        let epoch = sql.epoch_if_open(binding(1), &ayu).await.unwrap().unwrap();
        assert!(epoch > before + 1_000_000, "{epoch}");
        assert_eq!(sql.player(&ayu).await.unwrap().epoch, epoch);
        assert_eq!(sql.raise_epoch(&ayu).await.unwrap(), epoch + 1);

        // Twice is as good, and a player who was never seen is above all stamps as well.
        let again = sql.void_before(NOW).await.unwrap();
        assert_eq!((again.epoch, again.without_codes), (NOW.secs() + 1, vec![]));
        let budi = subject("budi");
        assert!(sql.open(binding(3), &budi, NOW).await.unwrap());
        assert_eq!(sql.epoch_if_open(binding(3), &budi).await.unwrap(), Some(again.epoch));
    });
}
