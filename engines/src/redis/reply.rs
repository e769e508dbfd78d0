//! What the scripts reply, read.

use crate::store::{Acquired, Extended, Fence, Fenced, Holding, LeaseName, Released, Written};
use redis::{ErrorKind, FromRedisValue, RedisError, Value, from_redis_value_ref};
use std::time::Duration;

type Read<T> = Result<T, RedisError>;

pub(super) fn acquired(name: &LeaseName, reply: &[Value]) -> Read<Acquired> {
    match said(reply)? {
        ("granted", [number]) => Ok(Acquired::Granted(fence(number)?)),
        ("held", rest) => Ok(Acquired::Held(holding(name.clone(), rest)?)),
        _ => Err(unknown(reply)),
    }
}

pub(super) fn extended(name: &LeaseName, reply: &[Value]) -> Read<Extended> {
    match said(reply)? {
        ("confirmed", [number]) => Ok(Extended::Confirmed(fence(number)?)),
        _ => Ok(Extended::Gone(looked(name, reply)?)),
    }
}

pub(super) fn released(reply: &[Value]) -> Read<Released> {
    match said(reply)? {
        ("released", []) => Ok(Released::Now),
        ("not held", []) => Ok(Released::NotHeld),
        _ => Err(unknown(reply)),
    }
}

pub(super) fn looked(name: &LeaseName, reply: &[Value]) -> Read<Option<Holding>> {
    match said(reply)? {
        ("free", []) => Ok(None),
        ("held", rest) => Ok(Some(holding(name.clone(), rest)?)),
        _ => Err(unknown(reply)),
    }
}

/// What cannot name a lease was not written by a store, and nobody can hold it.
pub(super) fn listed(reply: &[Vec<Value>]) -> Read<Vec<Holding>> {
    let mut list = Vec::with_capacity(reply.len());
    for held in reply {
        let [name, rest @ ..] = &held[..] else { return Err(unknown(held)) };
        if let Ok(name) = LeaseName::new(text(name)?) {
            list.push(holding(name, rest)?);
        }
    }
    Ok(list)
}

pub(super) fn written(reply: &[Value]) -> Read<Written> {
    match said(reply)? {
        ("accepted", []) => Ok(Written::Accepted),
        ("refused", []) => Ok(Written::Refused { newest: None }),
        ("refused", [newest]) => Ok(Written::Refused { newest: Some(fence(newest)?) }),
        _ => Err(unknown(reply)),
    }
}

/// An entry is its fence, a space, and its value.
pub(super) fn entry(stored: Option<Vec<u8>>) -> Read<Option<Fenced>> {
    let Some(mut stored) = stored else { return Ok(None) };
    let space = stored.iter().position(|byte| *byte == b' ').unwrap_or(stored.len());
    let value = stored.split_off((space + 1).min(stored.len()));
    let number = Value::BulkString(stored[..space].to_vec());
    Ok(Some(Fenced { value, fence: fence(&number)? }))
}

/// The word that a reply begins with, and the rest.
fn said(reply: &[Value]) -> Read<(&str, &[Value])> {
    let [Value::BulkString(word), rest @ ..] = reply else { return Err(unknown(reply)) };
    Ok((std::str::from_utf8(word).map_err(|_| unknown(reply))?, rest))
}

fn holding(name: LeaseName, reply: &[Value]) -> Read<Holding> {
    let [owner, number, age, left] = reply else { return Err(unknown(reply)) };
    let left: i64 = read(left)?;
    Ok(Holding {
        name,
        owner: text(owner)?,
        fence: fence(number)?,
        // The clock of the server can be set back.
        age: Duration::from_micros(read::<i64>(age)?.try_into().unwrap_or_default()),
        // Below zero stands for a key that never ends; the scripts make none.
        remaining: left.try_into().map_or(Duration::MAX, Duration::from_millis),
    })
}

fn fence(value: &Value) -> Read<Fence> {
    read(value).map(Fence::new)
}

/// Others may write what is no text; the rest of it shall be seen all the same.
fn text(value: &Value) -> Read<String> {
    Ok(String::from_utf8_lossy(&read::<Vec<u8>>(value)?).into_owned())
}

fn read<T: FromRedisValue>(value: &Value) -> Read<T> {
    Ok(from_redis_value_ref(value)?)
}

fn unknown(reply: &[Value]) -> RedisError {
    (ErrorKind::UnexpectedReturnType, "no reply of the scripts of leases", format!("{reply:?}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn an_entry_is_cut_at_its_first_space() {
        let read = entry(Some(b"7 a b\0".to_vec())).unwrap().unwrap();
        assert_eq!(read, Fenced { value: b"a b\0".to_vec(), fence: Fence::new(7) });
        let read = entry(Some(b"7 ".to_vec())).unwrap().unwrap();
        assert_eq!(read, Fenced { value: Vec::new(), fence: Fence::new(7) });
        assert_eq!(entry(None).unwrap(), None);
    }

    #[test]
    fn what_no_script_writes_is_refused() {
        assert!(entry(Some(b"no fence".to_vec())).is_err());
        assert!(released(&[]).is_err());
        assert!(released(&[bytes("granted"), bytes("1")]).is_err());
        assert!(written(&[Value::Int(1)]).is_err());
        assert!(listed(&[vec![]]).is_err());
    }

    #[test]
    fn a_server_whose_clock_was_set_back_and_a_lease_without_end_are_told_of() {
        let name = LeaseName::new("oak").unwrap();
        let reply = [bytes("held"), bytes("a"), bytes("7"), Value::Int(-5), Value::Int(-1)];
        let holding = looked(&name, &reply).unwrap().unwrap();
        assert_eq!((holding.age, holding.remaining), (Duration::ZERO, Duration::MAX));
    }
}
