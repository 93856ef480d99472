// @generated from the migrated database by `cargo xtask schema`; do not edit.

diesel::table! {
    appeals (district, appeal_id) {
        district -> Text,
        appeal_id -> Uuid,
        request_id -> Uuid,
        case_id -> Uuid,
        unit_id -> Uuid,
        charged_by -> Int8,
        grounds -> Text,
        filed_by -> Uuid,
        filed_at -> Timestamptz,
        due_at -> Timestamptz,
        state -> Text,
        withdrawn_by -> Nullable<Uuid>,
        withdrawn_at -> Nullable<Timestamptz>,
        decision_no -> Nullable<Int8>,
        due_assumed -> Bool,
    }
}

diesel::table! {
    assignments (district, assignment_id) {
        district -> Text,
        assignment_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        grid -> Text,
        unit_id -> Nullable<Uuid>,
        level -> Nullable<Text>,
        from_day -> Date,
        until_day -> Nullable<Date>,
    }
}

diesel::table! {
    audit_events (district, event_id) {
        district -> Text,
        event_id -> Uuid,
        at -> Timestamptz,
        action -> Text,
        user_id -> Nullable<Uuid>,
        device_id -> Nullable<Uuid>,
        subject -> Nullable<Text>,
        address -> Nullable<Text>,
        detail -> Jsonb,
    }
}

diesel::table! {
    cases (district, case_id) {
        district -> Text,
        case_id -> Uuid,
        lineage -> Uuid,
        inspection_id -> Uuid,
        item -> Text,
        kind -> Text,
        author -> Uuid,
        target_id -> Nullable<Uuid>,
        grid -> Text,
        unit_id -> Uuid,
        level -> Text,
        occurred_at -> Timestamptz,
        occurred_month -> Date,
        pack_id -> Nullable<Text>,
        pack_hash -> Nullable<Text>,
        review_state -> Text,
        rectification_state -> Text,
        flags -> Array<Text>,
        version -> Int4,
        reason -> Nullable<Text>,
        evaluation -> Jsonb,
        search_text -> Text,
        search_grams -> Array<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        posts_on -> Nullable<Date>,
        lon -> Nullable<Float8>,
        lat -> Nullable<Float8>,
        cell -> Nullable<Int4>,
        merged_into -> Nullable<Uuid>,
    }
}

diesel::table! {
    changes (district, number, ordinal) {
        district -> Text,
        number -> Int8,
        ordinal -> Int4,
        change_id -> Uuid,
        entity -> Text,
        entity_id -> Text,
        grid_before -> Nullable<Text>,
        grid_after -> Nullable<Text>,
        user_id -> Nullable<Uuid>,
        unit_before -> Nullable<Uuid>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    charges (district, charge_id) {
        district -> Text,
        charge_id -> Uuid,
        case_id -> Uuid,
        measure -> Text,
        unit_id -> Uuid,
        amount_fen -> Nullable<Int8>,
        pack_hash -> Text,
        clause -> Text,
        reason -> Jsonb,
        state -> Text,
    }
}

diesel::table! {
    closed_cases (district, month, case_id) {
        district -> Text,
        month -> Date,
        case_id -> Uuid,
        occurred_at -> Timestamptz,
        target_kind -> Text,
        item_zh -> Text,
        item_en -> Text,
        place -> Text,
    }
}

diesel::table! {
    closed_names (district, month, kind, id) {
        district -> Text,
        month -> Date,
        kind -> Text,
        id -> Text,
        name -> Text,
        budget_code -> Nullable<Text>,
    }
}

diesel::table! {
    decisions (district, decision_no) {
        district -> Text,
        decision_no -> Int8,
        request_id -> Uuid,
        case_id -> Nullable<Uuid>,
        kind -> Text,
        actor -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        expected_version -> Nullable<Int4>,
        decided_at -> Timestamptz,
        detail -> Jsonb,
        month -> Nullable<Date>,
        reviewer -> Nullable<Uuid>,
    }
}

diesel::table! {
    device_challenges (challenge_hash) {
        challenge_hash -> Bytea,
        device_id -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    device_users (district, device_id, user_id) {
        district -> Text,
        device_id -> Uuid,
        user_id -> Uuid,
        enrolled_at -> Timestamptz,
        recovery_key -> Nullable<Bytea>,
    }
}

diesel::table! {
    devices (district, device_id) {
        district -> Text,
        device_id -> Uuid,
        name -> Text,
        public_key -> Bytea,
        incarnation -> Uuid,
        enrolled_at -> Timestamptz,
        last_seen_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    districts (district) {
        district -> Text,
        name -> Text,
        epoch -> Uuid,
        change_number -> Int8,
        decision_number -> Int8,
        entry_number -> Int8,
        entry_hash -> Bytea,
        backed_up_through -> Nullable<Timestamptz>,
        demonstration -> Bool,
    }
}

diesel::table! {
    duplicate_proposals (district, case_id, other_case_id) {
        district -> Text,
        case_id -> Uuid,
        other_case_id -> Uuid,
        ground -> Text,
        metres -> Nullable<Float8>,
        hours -> Float8,
        found_at -> Timestamptz,
        state -> Text,
        decision_no -> Nullable<Int8>,
    }
}

diesel::table! {
    enrolment_codes (code_hash) {
        code_hash -> Bytea,
        district -> Text,
        user_id -> Uuid,
        issued_by -> Nullable<Uuid>,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        device_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    executions (district, execution_id) {
        district -> Text,
        execution_id -> Uuid,
        request_id -> Uuid,
        month -> Date,
        unit_id -> Uuid,
        voucher -> Text,
        executed_on -> Date,
        amount_fen -> Int8,
        cancels -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        recorded_by -> Uuid,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    fire_points (district, fire_point_id) {
        district -> Text,
        fire_point_id -> Uuid,
        source -> Text,
        lon -> Float8,
        lat -> Float8,
        grid -> Text,
        seen_at -> Timestamptz,
        note -> Text,
        entered_by -> Uuid,
        entered_at -> Timestamptz,
        state -> Text,
        verified_by -> Nullable<Uuid>,
        verified_at -> Nullable<Timestamptz>,
        record_id -> Nullable<Uuid>,
        inspection_id -> Nullable<Uuid>,
        finding -> Nullable<Text>,
    }
}

diesel::table! {
    grids (district, path) {
        district -> Text,
        path -> Text,
        name -> Text,
        statistical_code -> Nullable<Text>,
        unit_id -> Uuid,
        polygon -> Nullable<Jsonb>,
        staff -> Jsonb,
        version -> Int4,
    }
}

diesel::table! {
    inspection_photos (district, inspection_id, ordinal) {
        district -> Text,
        inspection_id -> Uuid,
        ordinal -> Int4,
        sha256 -> Text,
        size -> Int8,
        taken_at -> Timestamptz,
        lon -> Nullable<Float8>,
        lat -> Nullable<Float8>,
        source -> Text,
        question -> Nullable<Text>,
        stamped_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    inspections (district, inspection_id) {
        district -> Text,
        inspection_id -> Uuid,
        lineage -> Uuid,
        replaces -> Nullable<Uuid>,
        op_id -> Nullable<Uuid>,
        author -> Uuid,
        device_id -> Nullable<Uuid>,
        kind -> Text,
        target_id -> Nullable<Uuid>,
        occurred_at -> Timestamptz,
        received_at -> Timestamptz,
        grid -> Text,
        unit_id -> Uuid,
        level -> Text,
        pack_hash -> Nullable<Text>,
        lon -> Nullable<Float8>,
        lat -> Nullable<Float8>,
        sealed -> Jsonb,
        flags -> Array<Text>,
        source -> Text,
        document -> Nullable<Jsonb>,
    }
}

diesel::table! {
    ledger_entries (district, entry_no) {
        district -> Text,
        entry_no -> Int8,
        kind -> Text,
        unit_id -> Uuid,
        period -> Date,
        occurred_month -> Date,
        case_id -> Uuid,
        charge_id -> Uuid,
        posting_no -> Int4,
        reverses -> Nullable<Int8>,
        decision_no -> Int8,
        amount_fen -> Int8,
        grid -> Text,
        item -> Text,
        measure -> Text,
        pack_hash -> Text,
        clause -> Text,
        posted_at -> Timestamptz,
        previous_hash -> Bytea,
        hash -> Bytea,
    }
}

diesel::table! {
    month_exports (district, month, name) {
        district -> Text,
        month -> Date,
        name -> Text,
        media_type -> Text,
        bytes -> Bytea,
        sha256 -> Bytea,
    }
}

diesel::table! {
    month_sums (district, period, unit_id) {
        district -> Text,
        period -> Date,
        unit_id -> Uuid,
        amount_fen -> Int8,
    }
}

diesel::table! {
    operations (district, op_id) {
        district -> Text,
        op_id -> Uuid,
        bytes -> Bytea,
        sha256 -> Bytea,
        device_id -> Uuid,
        user_id -> Uuid,
        incarnation -> Uuid,
        device_seq -> Nullable<Int8>,
        kind -> Nullable<Text>,
        received_at -> Timestamptz,
        outcome -> Nullable<Jsonb>,
    }
}

diesel::table! {
    pack_adoptions (district, hash) {
        district -> Text,
        hash -> Text,
        from_day -> Nullable<Date>,
        until_day -> Nullable<Date>,
        adopted_at -> Timestamptz,
    }
}

diesel::table! {
    packs (hash) {
        hash -> Text,
        pack_id -> Text,
        region -> Text,
        status -> Text,
        source -> Text,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    periods (district, month) {
        district -> Text,
        month -> Date,
        closed_at -> Timestamptz,
        digest -> Bytea,
        decision_no -> Int8,
        entry_no -> Int8,
        entry_hash -> Bytea,
    }
}

diesel::table! {
    photos (district, sha256) {
        district -> Text,
        sha256 -> Text,
        size -> Int8,
        state -> Text,
        refusal -> Nullable<Text>,
        media_type -> Nullable<Text>,
        width -> Nullable<Int4>,
        height -> Nullable<Int4>,
        exif -> Nullable<Jsonb>,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    proposals (district, proposal_id) {
        district -> Text,
        proposal_id -> Uuid,
        request_id -> Uuid,
        kind -> Text,
        case_id -> Nullable<Uuid>,
        expected_version -> Nullable<Int4>,
        month -> Nullable<Date>,
        request -> Jsonb,
        reason -> Nullable<Text>,
        proposed_by -> Uuid,
        proposed_at -> Timestamptz,
        state -> Text,
        reviewed_by -> Nullable<Uuid>,
        reviewed_at -> Nullable<Timestamptz>,
        review_reason -> Nullable<Text>,
        decision_no -> Nullable<Int8>,
    }
}

diesel::table! {
    record_photos (district, record_id, ordinal) {
        district -> Text,
        record_id -> Uuid,
        ordinal -> Int4,
        case_id -> Nullable<Uuid>,
        fire_point_id -> Nullable<Uuid>,
        sha256 -> Text,
        taken_at -> Nullable<Timestamptz>,
        lon -> Nullable<Float8>,
        lat -> Nullable<Float8>,
        source -> Text,
    }
}

diesel::table! {
    rectification_records (district, record_id) {
        district -> Text,
        record_id -> Uuid,
        case_id -> Uuid,
        round -> Int4,
        kind -> Text,
        passed -> Nullable<Bool>,
        author -> Uuid,
        device_id -> Nullable<Uuid>,
        text -> Text,
        lon -> Nullable<Float8>,
        lat -> Nullable<Float8>,
        occurred_at -> Timestamptz,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    rectification_steps (district, case_id, round, step) {
        district -> Text,
        case_id -> Uuid,
        round -> Int4,
        step -> Text,
        taken_at -> Timestamptz,
        decision_no -> Int8,
    }
}

diesel::table! {
    rectifications (district, case_id, round) {
        district -> Text,
        case_id -> Uuid,
        round -> Int4,
        unit_id -> Uuid,
        grid -> Text,
        state -> Text,
        ordered_by -> Nullable<Uuid>,
        ordered_at -> Timestamptz,
        requirement -> Text,
        span_unit -> Text,
        span_count -> Int4,
        deadline -> Nullable<Timestamptz>,
        extensions -> Int4,
        steps -> Array<Text>,
        step_days -> Int4,
        steps_taken -> Int4,
        next_step_at -> Nullable<Timestamptz>,
        pause_kind -> Nullable<Text>,
        stopped_at -> Nullable<Timestamptz>,
        reported_at -> Nullable<Timestamptz>,
        checked_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Bytea,
        session_id -> Uuid,
        district -> Text,
        user_id -> Uuid,
        csrf_token -> Text,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        address -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    subsidies (district, subsidy_id) {
        district -> Text,
        subsidy_id -> Uuid,
        request_id -> Uuid,
        payee -> Text,
        credit_code -> Text,
        target_id -> Nullable<Uuid>,
        pack_id -> Text,
        pack_hash -> Text,
        rule -> Text,
        clause -> Text,
        amount_fen -> Int8,
        publication -> Text,
        published_on -> Date,
        state -> Text,
        entered_by -> Uuid,
        entered_at -> Timestamptz,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Timestamptz>,
        paid_by -> Nullable<Uuid>,
        paid_at -> Nullable<Timestamptz>,
        voucher -> Nullable<Text>,
        paid_on -> Nullable<Date>,
        cancelled_by -> Nullable<Uuid>,
        cancelled_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    targets (district, target_id) {
        district -> Text,
        target_id -> Uuid,
        kind -> Text,
        code -> Text,
        name -> Text,
        address -> Text,
        lon -> Float8,
        lat -> Float8,
        grid -> Text,
        unit_id -> Uuid,
        supervising_department -> Nullable<Text>,
        responsible_person -> Nullable<Text>,
        facts -> Jsonb,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    units (district, unit_id) {
        district -> Text,
        unit_id -> Uuid,
        name -> Text,
        kind -> Text,
        credit_code -> Nullable<Text>,
        budget_code -> Text,
        version -> Int4,
    }
}

diesel::table! {
    uploads (district, upload_id) {
        district -> Text,
        upload_id -> Uuid,
        user_id -> Uuid,
        device_id -> Nullable<Uuid>,
        sha256 -> Text,
        length -> Int8,
        received -> Int8,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        refusal -> Nullable<Text>,
    }
}

diesel::table! {
    users (district, user_id) {
        district -> Text,
        user_id -> Uuid,
        username -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        failed_sign_ins -> Int4,
        locked_until -> Nullable<Timestamptz>,
        disabled_at -> Nullable<Timestamptz>,
        scope_version -> Int8,
    }
}

diesel::table! {
    zones (district, zone_id) {
        district -> Text,
        zone_id -> Uuid,
        kind -> Text,
        name -> Text,
        polygon -> Jsonb,
        from_day -> Date,
        until_day -> Nullable<Date>,
        version -> Int4,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    appeals,
    assignments,
    audit_events,
    cases,
    changes,
    charges,
    closed_cases,
    closed_names,
    decisions,
    device_challenges,
    device_users,
    devices,
    districts,
    duplicate_proposals,
    enrolment_codes,
    executions,
    fire_points,
    grids,
    inspection_photos,
    inspections,
    ledger_entries,
    month_exports,
    month_sums,
    operations,
    pack_adoptions,
    packs,
    periods,
    photos,
    proposals,
    record_photos,
    rectification_records,
    rectification_steps,
    rectifications,
    sessions,
    subsidies,
    targets,
    units,
    uploads,
    users,
    zones,
);
