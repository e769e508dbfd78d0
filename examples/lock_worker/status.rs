//! `status`: who has which resource, under which fence, for how long.
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use arbour::leases::{AnyLeaseStore, Holding, LeaseName, LeaseStore, StoreError};
use arbour::{Root, race, stopping};
use tokio::time::sleep;

use super::failure::Failure;
use super::options::{Options, RESOURCES};
use super::print;

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

pub(crate) fn show(options: &Options, watch: bool) -> Result<(), Failure> {
    let outcome = Root::new().run(async {
        let store = options.engine.open(options.lease_ttl).await?;
        print(&table(options, &store).await?)?;
        while watch && !stops_within(EVERY).await {
            // A store that does not answer for a while is part of what one watches for.
            let seen = table(options, &store).await;
            print(&format!("\n{}", seen.unwrap_or_else(|error| format!("{error}\n"))))?;
        }
        Ok(())
    });
    outcome.result.map_err(|_| Failure::Cancelled { signal: outcome.signal })?
}

async fn stops_within(time: Duration) -> bool {
    race!(biased; async { stopping().await; true }, async { sleep(time).await; false }).value
}

async fn table(options: &Options, store: &AnyLeaseStore) -> Result<String, StoreError> {
    let held = store.list(&format!("{RESOURCES}/")).await?;
    Ok(lay_out(options.names(), held))
}

/// All resources in the order of their numbers, and then whatever else is held.
fn lay_out(resources: impl Iterator<Item = LeaseName>, held: Vec<Holding>) -> String {
    let mut held: BTreeMap<LeaseName, Holding> =
        held.into_iter().map(|holding| (holding.name.clone(), holding)).collect();
    let mut rows = vec![["resource", "owner", "fence", "age"].map(str::to_owned)];
    rows.extend(resources.map(|name| held.remove(&name).map_or_else(|| free(&name), row)));
    rows.extend(held.into_values().map(row));
    aligned(&rows)
}

fn free(name: &LeaseName) -> [String; 4] {
    [name.as_str(), "-", "-", "-"].map(str::to_owned)
}

fn row(holding: Holding) -> [String; 4] {
    let Holding { name, owner, fence, age, .. } = holding;
    [name.to_string(), owner, fence.to_string(), format!("{:.1}s", age.as_secs_f64())]
}

fn aligned(rows: &[[String; 4]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    rows.iter().fold(String::new(), |mut table, [resource, owner, fence, age]| {
        let [first, second, third, fourth] = widths;
        let _ = writeln!(table, "{resource:<first$}  {owner:<second$}  {fence:>third$}  {age:>fourth$}");
        table
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arbour::leases::Fence;

    #[test]
    fn a_table_has_a_row_per_resource_whether_it_is_held_or_free() {
        let name = |number: u32| LeaseName::new(format!("resource/{number}")).unwrap();
        let (age, remaining) = (Duration::from_millis(12_345), Duration::from_secs(3));
        let holding = |number, fence| {
            let owner = "oak".to_owned();
            Holding { name: name(number), owner, fence: Fence::new(fence), age, remaining }
        };
        let table = lay_out([0, 2, 10].map(name).into_iter(), vec![holding(2, 17), holding(99, 4)]);
        let expected = "\
resource     owner  fence    age
resource/0   -          -      -
resource/2   oak       17  12.3s
resource/10  -          -      -
resource/99  oak        4  12.3s
";
        assert_eq!(table, expected);
    }
}
