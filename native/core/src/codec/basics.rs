//! Numbers, and what is made of other things: options, lists, boxes, pairs.

use super::{Decode, Encode, Input, Malformed};

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Encode for $type {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }

        impl Decode for $type {
            #[inline]
            fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
                let bytes = input.take(size_of::<$type>())?;
                Ok(Self::from_le_bytes(bytes.try_into().expect("as many as were asked for")))
            }
        }
    )+};
}

numbers!(u16, u32, u64, u128, i32, i128);

impl Encode for u8 {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn encode_all(all: &[Self], out: &mut Vec<u8>) {
        out.extend_from_slice(all);
    }
}

impl Decode for u8 {
    #[inline]
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(input.take(1)?[0])
    }

    fn decode_all(count: usize, input: &mut Input<'_>) -> Result<Vec<Self>, Malformed> {
        input.take(count).map(<[u8]>::to_vec)
    }
}

impl Encode for bool {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    #[inline]
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        match u8::decode(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed { at, what: "neither yes nor no" }),
        }
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.encode(out);
            }
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(if bool::decode(input)? { Some(T::decode(input)?) } else { None })
    }
}

/// One byte, 0 for `Ok`, 1 for `Err`.
impl<T: Encode, E: Encode> Encode for Result<T, E> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_err()));
        match self {
            Ok(value) => value.encode(out),
            Err(error) => error.encode(out),
        }
    }
}

impl<T: Decode, E: Decode> Decode for Result<T, E> {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(if bool::decode(input)? { Err(E::decode(input)?) } else { Ok(T::decode(input)?) })
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        (**self).encode(out);
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        (**self).encode(out);
    }
}

impl<T: Decode> Decode for Box<T> {
    #[inline]
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        T::decode(input).map(Self::new)
    }
}

/// A list: how many, then each.
impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Vec<u8>) {
        u32::try_from(self.len()).expect("a list of fewer than 2^32").encode(out);
        T::encode_all(self, out);
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_slice().encode(out);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let count = u32::decode(input)? as usize;
        // Nothing takes less than a byte.
        if count > input.left() {
            return Err(Malformed { at, what: "a list longer than its bytes" });
        }
        T::decode_all(count, input)
    }
}

/// Both, without a count.
impl<T: Encode> Encode for [T; 2] {
    fn encode(&self, out: &mut Vec<u8>) {
        T::encode_all(self, out);
    }
}

impl<T: Decode> Decode for [T; 2] {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok([T::decode(input)?, T::decode(input)?])
    }
}

impl Encode for [u8; 32] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Decode for [u8; 32] {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(input.take(32)?.try_into().expect("as many as were asked for"))
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok((A::decode(input)?, B::decode(input)?))
    }
}
