//! Ends a connection (FIN) after a number of further bytes to its client.

use crate::fault::{
    Effect, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
    value::{bytes, bytes_text},
};

pub(super) struct LimitData {
    /// Bytes to the client since the fault began.
    bytes: u64,
}

impl Kind for LimitData {
    const USAGE: &'static str = "BYTES";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { bytes: bytes(reader.required("number of bytes", "64k")?)? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(bytes_text(self.bytes))
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Limit { bytes: self.bytes })
    }
}
