//! What the host calls and what it offers, generated from `wit/`.

#![allow(clippy::all, reason = "generated code")]

wit_bindgen::generate!({ path: "../../../wit", world: "desk", generate_all });

use super::Storeroom;

export!(Storeroom);
