//! Reference simulators of Chord and Kademlia, to hold against torus-sim. Written from the papers and from the
//! documentation of scenarios and outputs; nothing of it comes from torus-sim's own source.
//!
//! `torus-reference chord seeds=8 nodes=300 ...` prints a CSV table: the figures of each seed, from 1 on.

mod chord;
mod kademlia;
mod options;
mod world;

use options::Options;
use world::World;

fn main() {
    let protocol = std::env::args().nth(1).unwrap_or_default();
    let options = Options::read(std::env::args().skip(2));
    let first = options.number("first_seed").unwrap_or(1.0) as u64;
    for seed in first..first + options.count("seeds") as u64 {
        let figures = match protocol.as_str() {
            "chord" => World::new(&options, seed).play(&mut chord::Chord::new(&options)),
            "kademlia" => World::new(&options, seed).play(&mut kademlia::Kademlia::new(&options)),
            _ => panic!("the first argument is chord or kademlia"),
        };
        if seed == first {
            println!("{}", figures.iter().map(|figure| figure.0).collect::<Vec<_>>().join(","));
        }
        println!("{}", figures.iter().map(|figure| figure.1.to_string()).collect::<Vec<_>>().join(","));
    }
}
