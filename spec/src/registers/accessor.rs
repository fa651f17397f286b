//! Registers as methods.

/// Reads and writes words of the register map, however they are reached.
pub trait RegisterBus {
    /// Why that cannot be done.
    type Error;

    /// Reads the word at an address.
    fn read(&mut self, offset_bytes: usize) -> Result<u32, Self::Error>;

    /// Writes the word at an address.
    fn write(&mut self, offset_bytes: usize, value: u32) -> Result<(), Self::Error>;
}

/// The registers of a sequencer, each with the methods that it allows: what cannot be written has no method that does.
#[derive(Debug, Clone)]
pub struct Registers<B>(pub B);

/// The methods for a register.
macro_rules! methods {
    (ReadOnly $Shape:ident $NAME:ident ($read:ident) $doc:literal) => {
        accessor::methods!(read $Shape $NAME $read $doc);
    };
    (ReadClears $Shape:ident $NAME:ident ($read:ident) $doc:literal) => {
        accessor::methods!(read $Shape $NAME $read $doc);
    };
    (WriteOnly $Shape:ident $NAME:ident ($write:ident) $doc:literal) => {
        accessor::methods!(write $Shape $NAME $write $doc);
    };
    ($Access:ident $Shape:ident $NAME:ident ($read:ident, $write:ident) $doc:literal) => {
        accessor::methods!(read $Shape $NAME $read $doc);
        accessor::methods!(write $Shape $NAME $write $doc);
    };
    (read Word $NAME:ident $read:ident $doc:literal) => {
        #[doc = $doc]
        pub fn $read(&mut self) -> Result<u32, B::Error> {
            self.0.read(map::$NAME.offset_bytes)
        }
    };
    (read $Shape:ident $NAME:ident $read:ident $doc:literal) => {
        #[doc = $doc]
        pub fn $read(&mut self, word: usize) -> Result<u32, B::Error> {
            self.0.read(map::$NAME.word_offset_bytes(word))
        }
    };
    (write Word $NAME:ident $write:ident $doc:literal) => {
        #[doc = $doc]
        pub fn $write(&mut self, value: u32) -> Result<(), B::Error> {
            self.0.write(map::$NAME.offset_bytes, value)
        }
    };
    (write $Shape:ident $NAME:ident $write:ident $doc:literal) => {
        #[doc = $doc]
        pub fn $write(&mut self, word: usize, value: u32) -> Result<(), B::Error> {
            self.0.write(map::$NAME.word_offset_bytes(word), value)
        }
    };
}
pub(super) use methods;
