//! The library as others use it: the examples play what they promise.

#[path = "../examples/toy_protocol.rs"]
mod toy_protocol;

#[test]
fn the_toy_protocol_plays_as_it_says() {
    toy_protocol::main();
}
