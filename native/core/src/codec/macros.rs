//! How a type is listed: its fields with their types, or its variants with their tags. A type that changed without
//! its list does not compile.

/// A struct: its fields, in the order of their bytes; and, where a type promises more than its fields do, what.
macro_rules! wire_struct {
    ($name:ident { $($field:ident: $type:ty),+ $(,)? } $(, $promise:expr)?) => {
        impl $crate::codec::Encode for $name {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $(<$type as $crate::codec::Encode>::encode($field, out);)+
            }
        }

        impl $crate::codec::Decode for $name {
            fn decode(input: &mut $crate::codec::Input<'_>) -> Result<Self, $crate::codec::Malformed> {
                let at = input.at();
                let value = Self { $($field: <$type as $crate::codec::Decode>::decode(input)?),+ };
                let promises: &[$crate::codec::Promise<Self>] = &[$($promise)?];
                for promise in promises {
                    promise(&value).map_err(|what| $crate::codec::Malformed { at, what })?;
                }
                Ok(value)
            }
        }

        #[cfg(test)]
        impl $crate::codec::tests::dice::Drawn for $name {
            fn draw(dice: &mut $crate::codec::tests::dice::Dice<'_>) -> Self {
                $crate::codec::tests::dice::kept(dice, &[$($promise)?], |dice| Self {
                    $($field: <$type as $crate::codec::tests::dice::Drawn>::draw(dice)),+
                })
            }
        }

        #[cfg(test)]
        impl $crate::codec::tests::layout::Layout for $name {
            const BYTES: Option<usize> = $crate::codec::tests::layout::sum(&[
                $(<$type as $crate::codec::tests::layout::Layout>::BYTES),+
            ]);

            fn table(out: &mut String) {
                $crate::codec::tests::layout::fields(stringify!($name), &[
                    $((
                        stringify!($field),
                        stringify!($type),
                        <$type as $crate::codec::tests::layout::Layout>::BYTES,
                    )),+
                ], out);
            }
        }
    };
}

/// An enum: the tag of each variant, which stays its tag for ever, and what the variant has.
macro_rules! wire_enum {
    (
        $name:ident {
            $($tag:literal = $variant:ident
                $({ $($field:ident: $type:ty),+ $(,)? })?
                $(( $($item:ident: $item_type:ty),+ $(,)? ))?
            ),+ $(,)?
        } $(, $promise:expr)?
    ) => {
        impl $crate::codec::Encode for $name {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),+ })? $(( $($item),+ ))? => {
                        out.push($tag);
                        $($(<$type as $crate::codec::Encode>::encode($field, out);)+)?
                        $($(<$item_type as $crate::codec::Encode>::encode($item, out);)+)?
                    })+
                }
            }
        }

        impl $crate::codec::Decode for $name {
            fn decode(input: &mut $crate::codec::Input<'_>) -> Result<Self, $crate::codec::Malformed> {
                let at = input.at();
                let value = match u8::decode(input)? {
                    $($tag => Self::$variant
                        $({ $($field: <$type as $crate::codec::Decode>::decode(input)?),+ })?
                        $(( $(<$item_type as $crate::codec::Decode>::decode(input)?),+ ))?,
                    )+
                    _ => {
                        let what = concat!("no ", stringify!($name), " has this tag");
                        return Err($crate::codec::Malformed { at, what });
                    }
                };
                let promises: &[$crate::codec::Promise<Self>] = &[$($promise)?];
                for promise in promises {
                    promise(&value).map_err(|what| $crate::codec::Malformed { at, what })?;
                }
                Ok(value)
            }
        }

        #[cfg(test)]
        impl $crate::codec::tests::dice::Drawn for $name {
            fn draw(dice: &mut $crate::codec::tests::dice::Dice<'_>) -> Self {
                let variants: &[fn(&mut $crate::codec::tests::dice::Dice<'_>) -> Self] = &[
                    $(|_dice| Self::$variant
                        $({ $($field: <$type as $crate::codec::tests::dice::Drawn>::draw(_dice)),+ })?
                        $(( $(<$item_type as $crate::codec::tests::dice::Drawn>::draw(_dice)),+ ))?
                    ),+
                ];
                let promises: &[$crate::codec::Promise<Self>] = &[$($promise)?];
                let variant = variants[dice.below(variants.len())];
                $crate::codec::tests::dice::kept(dice, promises, variant)
            }
        }

        #[cfg(test)]
        impl $crate::codec::tests::layout::Layout for $name {
            const BYTES: Option<usize> = $crate::codec::tests::layout::same(&[
                $($crate::codec::tests::layout::sum(&[
                    Some(1),
                    $($(<$type as $crate::codec::tests::layout::Layout>::BYTES,)+)?
                    $($(<$item_type as $crate::codec::tests::layout::Layout>::BYTES,)+)?
                ])),+
            ]);

            fn table(out: &mut String) {
                $crate::codec::tests::layout::variants(stringify!($name), &[
                    $(($tag, stringify!($variant), &[
                        $($((stringify!($field), stringify!($type)),)+)?
                        $($((stringify!($item), stringify!($item_type)),)+)?
                    ])),+
                ], out);
            }
        }
    };
}

/// A newtype of a number: its range, and what to call what is not in it.
macro_rules! wire_number {
    ($($name:ident($type:ty) in $range:expr, $what:literal;)+) => {$(
        impl $crate::codec::Encode for $name {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
        }

        impl $crate::codec::Decode for $name {
            #[inline]
            fn decode(input: &mut $crate::codec::Input<'_>) -> Result<Self, $crate::codec::Malformed> {
                let at = input.at();
                let number = <$type as $crate::codec::Decode>::decode(input)?;
                if !($range).contains(&number) {
                    return Err($crate::codec::Malformed { at, what: $what });
                }
                Ok(Self(number))
            }
        }

        #[cfg(test)]
        impl $crate::codec::tests::dice::Drawn for $name {
            fn draw(dice: &mut $crate::codec::tests::dice::Dice<'_>) -> Self {
                Self($crate::codec::tests::dice::id::<Self, $type>($range, dice))
            }
        }

        #[cfg(test)]
        impl $crate::codec::tests::layout::Layout for $name {
            const BYTES: Option<usize> = Some(size_of::<$type>());

            fn table(out: &mut String) {
                $crate::codec::tests::layout::number(
                    stringify!($name), stringify!($type), stringify!($range), out,
                );
            }
        }
    )+};
}

pub(crate) use {wire_enum, wire_struct};
