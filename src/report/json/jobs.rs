//! `sentinelops.matrix/v1`.

use serde_json::{Map, Value, json};

use crate::environment::Job;

/// Jobs for GitHub Actions: `rings`, the names in order of rollout, and `jobs`, by ring what its
/// `strategy.matrix` takes: `{include: [{ring, shard, environments, workspaces}]}`. A ring without
/// workspaces is in neither, since Actions refuses an empty matrix.
#[must_use]
pub fn jobs(jobs: &[Job]) -> Value {
    let mut rings: Vec<&str> = jobs.iter().map(|job| job.ring.as_str()).collect();
    rings.dedup();
    let matrix = |ring: &&str| {
        let of_ring = jobs.iter().filter(|job| job.ring.as_str() == *ring);
        let include: Vec<Value> = of_ring.map(job).collect();
        ((*ring).to_owned(), json!({ "include": include }))
    };
    let by_ring: Map<String, Value> = rings.iter().map(matrix).collect();
    json!({"format": "sentinelops.matrix/v1", "rings": rings, "jobs": by_ring})
}

fn job(job: &Job) -> Value {
    let environments: Vec<&str> = job.environments.iter().map(crate::ident::Name::as_str).collect();
    json!({
        "ring": job.ring.as_str(),
        "shard": job.shard.to_string(),
        "environments": environments,
        "workspaces": job.workspaces,
    })
}
