//! One of several runs that share a ring: which tenants are whose.
//!
//! Pure. A tenant is never split: what throttles it, and what its SOC reads, stays in one run. Whose it
//! is depends on the tenant and the number of shards alone, so a new customer moves no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::{Environment, Workspace};
use crate::ident::{EnvironmentName, Invalid, RingName, TenantId};

/// How many jobs one matrix of GitHub Actions may have, as its documentation of limits says.
pub const MOST_JOBS: usize = 256;

/// `I/N`: the first of `N` is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// Whether a tenant's workspaces are in it: by the first 64 bits of the SHA-256 of its id.
    #[must_use]
    pub fn has(self, tenant: &TenantId) -> bool {
        let digest = Sha256::digest(tenant.to_string().to_lowercase().as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(first) % self.of == self.number - 1
    }

    /// Those of all shards beside it, itself included, that have one of these workspaces; in order.
    pub fn siblings(self, workspaces: &[(&Environment, &Workspace)]) -> impl Iterator<Item = Self> {
        let tenants: BTreeSet<TenantId> =
            workspaces.iter().map(|(environment, _)| environment.tenant.value.clone()).collect();
        let has_one = move |shard: &Self| tenants.iter().any(|tenant| shard.has(tenant));
        let of = self.of;
        (1..=of).map(move |number| Self { number, of }).filter(has_one)
    }

    /// Every shard of so many.
    fn all(of: usize) -> impl Iterator<Item = Self> {
        let of = of as u64;
        (1..=of).map(move |number| Self { number, of })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(format!("`{text}` is not `I/N` with I from 1 to N"));
        let (number, of) = text.split_once('/').ok_or_else(invalid)?;
        let read = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u64>().ok()).flatten().ok_or_else(invalid)
        };
        let (number, of) = (read(number)?, read(of)?);
        if number == 0 || number > of { Err(invalid()) } else { Ok(Self { number, of }) }
    }
}

/// One job: a shard of a ring that has workspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The ring.
    pub ring: RingName,
    /// The shard of it.
    pub shard: Shard,
    /// The environments with workspaces in it, in fleet order.
    pub environments: Vec<EnvironmentName>,
    /// How many workspaces it has.
    pub workspaces: usize,
}

/// How work is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    /// So many shards in each ring.
    Shards(usize),
    /// As few shards as keep every job to so many workspaces.
    MostWorkspaces(usize),
}

/// The jobs of each ring, rings in order of rollout; a shard without workspaces is no job.
///
/// # Errors
/// When a ring cannot be divided so: it would take more jobs than a matrix may have, or one tenant has
/// more workspaces in it than a job is to have.
pub fn jobs(
    workspaces: &[(&Environment, &Workspace)],
    division: Division,
) -> Result<Vec<Job>, Invalid> {
    let mut rings: Vec<(&RingName, Vec<&(&Environment, &Workspace)>)> = Vec::new();
    for entry in workspaces {
        let ring = &entry.1.ring.value;
        match rings.iter_mut().find(|(known, _)| *known == ring) {
            Some((_, of_ring)) => of_ring.push(entry),
            None => rings.push((ring, vec![entry])),
        }
    }
    let mut all = Vec::new();
    for (ring, of_ring) in rings {
        all.extend(match division {
            Division::Shards(number) => divide(ring, &of_ring, number),
            Division::MostWorkspaces(most) => fewest(ring, &of_ring, most)?,
        });
    }
    Ok(all)
}

fn divide(ring: &RingName, of_ring: &[&(&Environment, &Workspace)], number: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    for shard in Shard::all(number) {
        let inside = of_ring.iter().filter(|(environment, _)| shard.has(&environment.tenant.value));
        let mut environments: Vec<EnvironmentName> = Vec::new();
        let mut workspaces = 0;
        for (environment, _) in inside {
            workspaces += 1;
            if !environments.contains(&environment.name) {
                environments.push(environment.name.clone());
            }
        }
        if workspaces > 0 {
            jobs.push(Job { ring: ring.clone(), shard, environments, workspaces });
        }
    }
    jobs
}

fn fewest(
    ring: &RingName,
    of_ring: &[&(&Environment, &Workspace)],
    most: usize,
) -> Result<Vec<Job>, Invalid> {
    let mut tenants: BTreeMap<&TenantId, usize> = BTreeMap::new();
    for (environment, _) in of_ring {
        *tenants.entry(&environment.tenant.value).or_default() += 1;
    }
    if let Some((tenant, number)) = tenants.iter().find(|(_, number)| **number > most) {
        return Err(Invalid::new(format!(
            "tenant {tenant} has {number} workspaces in ring `{ring}`, and a tenant is never split: \
             allow {number} workspaces in a job"
        )));
    }
    let fits = |jobs: &Vec<Job>| jobs.iter().all(|job| job.workspaces <= most);
    let found = (1..=MOST_JOBS).map(|number| divide(ring, of_ring, number)).find(fits);
    found.ok_or_else(|| {
        Invalid::new(format!(
            "{MOST_JOBS} shards, as many as a matrix may have, leave more than {most} workspaces in \
             a job of ring `{ring}`: allow more in a job"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, ENVIRONMENT, FLEET};
    use super::*;
    use crate::environment::Fleet;

    fn fleet(tenants: usize) -> Fleet {
        let file = |at: usize| {
            let text = ENVIRONMENT
                .replace("law-sec", &format!("law-{at}"))
                .replace("22222222-2222-2222-2222-222222222222", &tenant(100 + at).to_string())
                .replace("11111111-1111-1111-1111-111111111111", &tenant(at).to_string());
            (format!("t{at:02}.yaml"), text)
        };
        let files: Vec<(String, String)> = (0..tenants).map(file).collect();
        let mut all = vec![("fleet.yaml", FLEET)];
        all.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        sample::fleet(&all)
    }

    fn tenant(at: usize) -> TenantId {
        format!("00000000-0000-4000-8000-{at:012}").parse().unwrap()
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        let check = |text: &str, expect: bool| {
            assert_eq!(text.parse::<Shard>().is_ok(), expect, "{text}");
        };
        for right in ["1/1", "1/4", "4/4"] {
            check(right, true);
            assert_eq!(right.parse::<Shard>().unwrap().to_string(), right);
        }
        for wrong in ["0/4", "5/4", "1/0", "0/0", "1", "/", "a/4", "+1/4", "-1/4", "1/4/2", " 1/4"]
        {
            check(wrong, false);
        }
    }

    #[test]
    fn every_tenant_is_in_exactly_one_shard() {
        for of in 1..20 {
            for at in 0..50 {
                let inside = Shard::all(of).filter(|shard| shard.has(&tenant(at))).count();
                assert_eq!(inside, 1, "tenant {at} of {of}");
            }
        }
    }

    /// Jobs that run at different times, and repositories at different versions, must agree.
    #[test]
    fn where_a_tenant_is_never_changes() {
        let place = |at| Shard::all(7).position(|shard| shard.has(&tenant(at))).unwrap() + 1;
        let places: Vec<usize> = (0..8).map(place).collect();
        insta::assert_snapshot!(format!("{places:?}"));
    }

    #[test]
    fn jobs_cover_every_workspace_once_and_none_is_empty() {
        let fleet = fleet(12);
        let workspaces = fleet.workspaces();
        for number in [1, 4, 40] {
            let jobs = jobs(&workspaces, Division::Shards(number)).unwrap();
            assert!(jobs.iter().all(|job| job.workspaces > 0), "{number}");
            let environments = jobs.iter().flat_map(|job| &job.environments).count();
            assert_eq!(
                (jobs.iter().map(|job| job.workspaces).sum::<usize>(), environments),
                (12, 12)
            );
        }
    }

    #[test]
    fn a_job_has_no_more_workspaces_than_were_asked_for_or_none_is_made() {
        let fleet = fleet(12);
        let workspaces = fleet.workspaces();
        let jobs = |most| jobs(&workspaces, Division::MostWorkspaces(most));
        assert!(jobs(4).unwrap().iter().all(|job| job.workspaces <= 4));
        assert_eq!(jobs(12).unwrap().len(), 1);
        let twice = [workspaces.clone(), workspaces.clone()].concat();
        let refused = super::jobs(&twice, Division::MostWorkspaces(1)).unwrap_err();
        assert!(refused.to_string().contains("never split"), "{refused}");
    }
}
