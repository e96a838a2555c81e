//! Resets the connections that exist (RST): now, or each at its own moment.

use strum::{Display, EnumString, VariantNames};

use crate::fault::{
    Effect, Moment, Order, Shape, Side,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct ResetPeer {
    side: Side,
    when: When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
enum When {
    #[default]
    Now,
    Idle,
    InFlight,
}

impl Kind for ResetPeer {
    const USAGE: &'static str = "[side=both|client][,when=now|idle|in_flight]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { side: reader.word("side", Side::default())?, when: reader.word("when", When::default())? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::none().named("side", &self.side, &Side::default()).named("when", &self.when, &When::default())
    }

    fn effect(&self) -> Effect {
        let side = self.side;
        match self.when {
            When::Now => Effect::Order(Order::Reset(side)),
            When::Idle => Effect::Shape(Shape::Reset { side, at: Moment::Idle }),
            When::InFlight => Effect::Shape(Shape::Reset { side, at: Moment::InFlight }),
        }
    }
}
