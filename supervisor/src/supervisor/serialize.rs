//! Snapshots as data.

use super::drawing::word;
use super::snapshot::{ChildSnapshot, SupervisorSnapshot};
use crate::machine::ChildKind;
use serde::ser::{Serialize, SerializeStruct, Serializer};

impl Serialize for SupervisorSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("SupervisorSnapshot", 4)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("ended", &self.ended)?;
        fields.serialize_field("restarts", &self.restarts)?;
        fields.serialize_field("children", &self.children)?;
        fields.end()
    }
}

impl Serialize for ChildSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.kind {
            ChildKind::Worker => "worker",
            ChildKind::Supervisor => "supervisor",
        };
        let mut fields = serializer.serialize_struct("ChildSnapshot", 10)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("kind", kind)?;
        fields.serialize_field("state", word(self.state))?;
        fields.serialize_field("incarnation", &self.incarnation)?;
        fields.serialize_field("restarts", &self.restarts)?;
        fields.serialize_field("last_end", &self.last_end.map(|end| end.to_string()))?;
        fields.serialize_field("last_failure", &self.last_failure.as_ref().map(ToString::to_string))?;
        fields.serialize_field("was_stopped", &self.was_stopped)?;
        fields.serialize_field("mailbox", &self.mailbox)?;
        fields.serialize_field("supervisor", &self.supervisor)?;
        fields.end()
    }
}
