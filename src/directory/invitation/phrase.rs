//! The phrase by which people know a message again: the accept page shows the same four words as
//! the message that brought them there, and nobody without the key can say them.

use jiff::civil::Date;

use super::link::LinkKey;
use crate::id::{InvitationId, OrganizationId};

/// What the proof is for: the same key makes other proofs, too.
const PURPOSE: &[u8] = b"usher verification phrase 1";

/// The four words for a message about this invitation that went to this recipient on this day.
pub fn phrase(
    key: &LinkKey,
    org: OrganizationId,
    invitation: InvitationId,
    recipient: &str,
    day: Date,
) -> String {
    let [a, b, c, d, ..] = key.mac(&[
        PURPOSE,
        org.uuid().as_bytes(),
        invitation.uuid().as_bytes(),
        recipient.as_bytes(),
        day.to_string().as_bytes(),
    ]);
    let words = [a, b, c, d].map(|byte| WORDS.get(usize::from(byte)).copied());
    words.map(Option::unwrap_or_default).join(" ")
}

/// One word for each value of a byte: common, easily told apart, and none that offends.
#[rustfmt::skip]
const WORDS: [&str; 256] = [
    "acorn", "actor", "adult", "agent", "alarm", "album", "amber", "angle", "apple", "april",
    "apron", "arrow", "aspen", "atlas", "autumn", "bacon", "badge", "baker", "banjo", "barn",
    "basin", "beach", "beard", "berry", "bingo", "birch", "blade", "bloom", "board", "boat",
    "bonus", "book", "bread", "brick", "bridge", "brook", "broom", "brush", "cabin", "cable",
    "cactus", "camel", "candle", "canoe", "canyon", "carbon", "card", "carpet", "castle", "cedar",
    "chair", "chalk", "cherry", "chess", "circle", "cliff", "clock", "cloud", "clover", "coach",
    "cobalt", "cocoa", "comet", "copper", "coral", "cotton", "crane", "crayon", "cricket", "crown",
    "crystal", "cube", "daisy", "dancer", "delta", "denim", "desert", "diary", "dinner", "dolphin",
    "donkey", "dragon", "drum", "eagle", "earth", "easel", "echo", "elbow", "ember", "engine",
    "fabric", "falcon", "family", "feather", "fern", "field", "finch", "flame", "flint", "flower",
    "flute", "forest", "fossil", "fountain", "fox", "garden", "garlic", "ginger", "giraffe",
    "glacier", "globe", "glove", "gold", "goose", "grape", "grass", "gravel", "guitar", "hammer",
    "harbor", "harp", "hazel", "helmet", "heron", "hill", "honey", "horizon", "house", "igloo",
    "inlet", "iron", "island", "ivory", "ivy", "jacket", "jasmine", "jelly", "jigsaw", "juice",
    "jungle", "kayak", "kettle", "kitten", "kiwi", "ladder", "lagoon", "lake", "lamp", "lantern",
    "laptop", "lemon", "letter", "library", "lilac", "lime", "lion", "lizard", "lobster", "lotus",
    "magnet", "mango", "maple", "marble", "market", "meadow", "melon", "mirror", "mitten", "moon",
    "morning", "moss", "motor", "mountain", "museum", "music", "napkin", "needle", "nest", "nickel",
    "noodle", "nutmeg", "oak", "oasis", "ocean", "olive", "onion", "opal", "orange", "orbit",
    "orchard", "otter", "oyster", "paddle", "palace", "panda", "paper", "parrot", "pasta", "peach",
    "pearl", "pebble", "pencil", "pepper", "piano", "picnic", "pillow", "pine", "planet", "plum",
    "pocket", "pond", "poplar", "potato", "prism", "pumpkin", "puzzle", "quartz", "quilt", "rabbit",
    "radio", "rain", "raven", "ribbon", "river", "robin", "rocket", "saddle", "salmon", "sand",
    "saturn", "sparrow", "spoon", "spring", "squirrel", "summer", "sunset", "table", "tiger",
    "timber", "tomato", "train", "tulip", "tunnel", "turtle", "valley", "velvet", "violin",
    "walnut", "water", "whale", "willow", "window", "winter", "wolf", "yellow", "zebra",
];

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_phrase_has_four_words_and_follows_from_all_it_is_about() {
        let day: Date = "2026-11-22".parse().unwrap();
        let next = day.tomorrow().unwrap();
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let key = LinkKey::new([1; 32]);
        let first = phrase(&key, one.into(), one.into(), "U1", day);
        assert_eq!(first, phrase(&key, one.into(), one.into(), "U1", day));
        assert_eq!(first.split(' ').count(), 4);
        for other in [
            phrase(&LinkKey::new([2; 32]), one.into(), one.into(), "U1", day),
            phrase(&key, two.into(), one.into(), "U1", day),
            phrase(&key, one.into(), two.into(), "U1", day),
            phrase(&key, one.into(), one.into(), "U2", day),
            phrase(&key, one.into(), one.into(), "U1", next),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn each_word_stands_once() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        let plain = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase());
        assert!(
            WORDS
                .iter()
                .all(|word| plain(word) && (3..=8).contains(&word.len()))
        );
    }
}
