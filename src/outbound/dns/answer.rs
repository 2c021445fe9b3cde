//! A question for TXT records, and what was answered to it (RFC 1035 §4): read once, within bounds,
//! and taken only for what it says of the very name that was asked for.

use simple_dns::rdata::RData;
use simple_dns::{
    CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
    header_buffer,
};

use super::Said;

/// Octets of an answer. Names in it can be chains of pointers, so that reading one takes steps for
/// every two octets.
pub(super) const LARGEST: usize = 16 * 1024;
/// Records of an answer, of whatever section.
const RECORDS: u32 = 200;
/// Aliases between the name that is asked for and the one that has the records.
const ALIASES: usize = 8;

/// What was answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// More than fits into a datagram.
    Cut,
    /// The texts; none where there is no such name, or no such record of it.
    Texts(Vec<String>),
}

/// What is asked.
pub(super) struct Asked<'a>(Question<'a>);

impl<'a> Asked<'a> {
    /// Asks for the TXT records of a name.
    pub(super) fn new(name: &'a str) -> Result<Self, Said> {
        let name = Name::new(name).map_err(unaskable)?;
        let (kind, class) = (QTYPE::TYPE(TYPE::TXT), CLASS::IN.into());
        Ok(Self(Question::new(name, kind, class, false)))
    }

    /// The question as it is sent.
    pub(super) fn octets(&self, id: u16) -> Result<Vec<u8>, Said> {
        let mut packet = Packet::new_query(id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        packet.questions.push(self.0.clone());
        packet.build_bytes_vec().map_err(unaskable)
    }

    /// What these octets answer; `None` where they are no answer to this question under this id.
    pub(super) fn read(&self, octets: &[u8], id: u16) -> Option<Result<Answer, Said>> {
        let is_reply = header_buffer::has_flags(octets, PacketFlag::RESPONSE).ok()?;
        if !is_reply || header_buffer::id(octets).ok()? != id || !is_bounded(octets)? {
            return None;
        }
        let packet = Packet::parse(octets).ok()?;
        let echoed = packet.questions.as_slice();
        matches!(echoed, [it] if self.is_echoed_by(it)).then(|| self.answered(packet))
    }

    fn is_echoed_by(&self, it: &Question<'_>) -> bool {
        let class = QCLASS::CLASS(CLASS::IN);
        it.qname == self.0.qname && it.qtype == self.0.qtype && it.qclass == class
    }

    fn answered(&self, packet: Packet<'_>) -> Result<Answer, Said> {
        if packet.has_flags(PacketFlag::TRUNCATION) {
            return Ok(Answer::Cut);
        }
        if !matches!(packet.rcode(), RCODE::NoError | RCODE::NameError) {
            return Err(Said::Code(packet.rcode()));
        }
        let is_heard = packet.has_flags(PacketFlag::RECURSION_AVAILABLE)
            || packet.has_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        let texts = self.texts(packet.answers)?;
        if texts.is_empty() && !is_heard {
            let said = "it neither knows the name nor asks others";
            return Err(Said::Nothing(said.to_owned()));
        }
        Ok(Answer::Texts(texts))
    }

    /// The texts of the name, or of the one that it is an alias of in the same answer.
    fn texts(&self, answers: Vec<ResourceRecord<'_>>) -> Result<Vec<String>, Said> {
        let (mut owner, mut aliases) = (&self.0.qname, 0);
        let of =
            |name: &Name<'_>, it: &ResourceRecord<'_>| it.class == CLASS::IN && it.name == *name;
        let alias = |name: &Name<'_>| {
            answers.iter().find_map(|it| match &it.rdata {
                RData::CNAME(alias) if of(name, it) => Some(&alias.0),
                _ => None,
            })
        };
        while let Some(next) = alias(owner) {
            (owner, aliases) = (next, aliases + 1);
            if aliases > ALIASES {
                return Err(Said::Nothing("the aliases do not end".to_owned()));
            }
        }
        let texts = answers.iter().filter_map(|it| match &it.rdata {
            RData::TXT(text) if of(owner, it) => Some(text.clone()),
            _ => None,
        });
        let unreadable = || Said::Nothing("a record is no text".to_owned());
        let texts = texts.map(|it| String::try_from(it).map_err(|_| unreadable()));
        texts.collect()
    }
}

fn unaskable(error: simple_dns::SimpleDnsError) -> Said {
    Said::Nothing(format!("the name cannot be asked for: {error}"))
}

/// Whether reading it takes few steps.
fn is_bounded(octets: &[u8]) -> Option<bool> {
    let counts = [
        header_buffer::questions(octets).ok()?,
        header_buffer::answers(octets).ok()?,
        header_buffer::name_servers(octets).ok()?,
        header_buffer::additional_records(octets).ok()?,
    ];
    let records: u32 = counts.into_iter().map(u32::from).sum();
    Some(octets.len() <= LARGEST && records <= RECORDS)
}

#[cfg(test)]
mod tests {
    use simple_dns::rdata::{CNAME, TXT};

    use super::*;

    const NAME: &str = "_c.acme.example";

    fn found(texts: &[&str]) -> Answer {
        let texts = texts.iter().map(|&it| it.to_owned());
        Answer::Texts(texts.collect())
    }

    fn text<'a>(owner: &'a str, text: &'a str) -> ResourceRecord<'a> {
        let text = RData::TXT(TXT::new().with_string(text).unwrap());
        ResourceRecord::new(Name::new(owner).unwrap(), CLASS::IN, 60, text)
    }

    fn alias<'a>(owner: &'a str, of: &'a str) -> ResourceRecord<'a> {
        let alias = RData::CNAME(CNAME(Name::new(of).unwrap()));
        ResourceRecord::new(Name::new(owner).unwrap(), CLASS::IN, 60, alias)
    }

    /// The reply with these answers, and whatever else is done to it.
    fn reply<'a>(
        answers: Vec<ResourceRecord<'a>>,
        and: impl FnOnce(&mut Packet<'a>),
    ) -> Option<Result<Answer, Said>> {
        let mut packet = Packet::new_reply(7);
        packet.set_flags(PacketFlag::RECURSION_AVAILABLE);
        packet.questions.push(Asked::new(NAME).unwrap().0);
        packet.answers = answers;
        and(&mut packet);
        let octets = packet.build_bytes_vec_compressed().unwrap();
        Asked::new(NAME).unwrap().read(&octets, 7)
    }

    fn question(name: &str, kind: TYPE, class: CLASS) -> Question<'_> {
        Question::new(Name::new(name).unwrap(), kind.into(), class.into(), false)
    }

    #[test]
    fn only_what_answers_the_question_is_an_answer() {
        let answer = || vec![text(NAME, "yes")];
        assert_eq!(reply(answer(), |_| ()), Some(Ok(found(&["yes"]))));
        let shouted = question("_C.ACME.example", TYPE::TXT, CLASS::IN);
        assert_eq!(
            reply(answer(), |it| it.questions = vec![shouted]),
            Some(Ok(found(&["yes"])))
        );
        for asked in [
            vec![],
            vec![question("_c.other.example", TYPE::TXT, CLASS::IN)],
            vec![question(NAME, TYPE::A, CLASS::IN)],
            vec![question(NAME, TYPE::TXT, CLASS::CH)],
            vec![question(NAME, TYPE::TXT, CLASS::IN); 2],
        ] {
            let said = format!("{asked:?}");
            assert_eq!(reply(answer(), |it| it.questions = asked), None, "{said}");
        }
        assert_eq!(reply(answer(), |it| it.set_id(8)), None);
        let asked = Asked::new(NAME).unwrap();
        let question = asked.octets(7).unwrap();
        for octets in [&question[..], b"", &[0; 12], &[0xff; 12]] {
            assert!(asked.read(octets, 7).is_none());
        }
        assert!(Asked::new(&"a".repeat(64)).is_err());
    }

    #[test]
    fn a_text_is_the_names_or_that_of_what_it_is_an_alias_of() {
        for (answers, expected) in [
            (
                vec![text("_C.Acme.Example", "a"), text(NAME, "b")],
                &["a", "b"][..],
            ),
            (
                vec![text("_c.other.example", "a"), text("acme.example", "b")],
                &[],
            ),
            (
                vec![text("b.example", "a"), alias(NAME, "b.example")],
                &["a"],
            ),
            (
                vec![
                    alias(NAME, "b.example"),
                    alias("B.example", "c.example"),
                    text("c.example", "a"),
                    text("b.example", "b"),
                    text("d.example", "c"),
                ],
                &["a"],
            ),
            (
                vec![alias("a.example", "b.example"), text("b.example", "a")],
                &[],
            ),
            (vec![alias(NAME, "b.example")], &[]),
        ] {
            let said = format!("{answers:?}");
            assert_eq!(reply(answers, |_| ()), Some(Ok(found(expected))), "{said}");
        }
        let round = vec![alias(NAME, "b.example"), alias("b.example", NAME)];
        assert!(matches!(reply(round, |_| ()), Some(Err(Said::Nothing(_)))));
        let mut chaos = text(NAME, "a");
        chaos.class = CLASS::CH;
        assert_eq!(reply(vec![chaos], |_| ()), Some(Ok(found(&[]))));
    }

    #[test]
    fn absence_is_said_by_who_knows() {
        let no_such_name = |it: &mut Packet<'_>| *it.rcode_mut() = RCODE::NameError;
        assert_eq!(reply(vec![], no_such_name), Some(Ok(found(&[]))));
        assert_eq!(reply(vec![], |_| ()), Some(Ok(found(&[]))));
        let referred = reply(vec![], |it| {
            it.remove_flags(PacketFlag::RECURSION_AVAILABLE);
        });
        assert!(matches!(referred, Some(Err(Said::Nothing(_)))));
        for code in [RCODE::ServerFailure, RCODE::Refused, RCODE::NotImplemented] {
            let refused = reply(vec![], |it| *it.rcode_mut() = code);
            assert_eq!(refused, Some(Err(Said::Code(code))));
        }
        let cut = reply(vec![], |it| it.set_flags(PacketFlag::TRUNCATION));
        assert_eq!(cut, Some(Ok(Answer::Cut)));
    }

    #[test]
    fn what_would_take_long_to_read_is_not_read() {
        let many = |count| (0..count).map(|_| text(NAME, "a")).collect();
        assert!(reply(many(RECORDS as usize - 1), |_| ()).is_some());
        assert!(reply(many(RECORDS as usize), |_| ()).is_none());
        // A header that promises more than there is.
        let mut octets = [0; 12];
        octets[1] = 7;
        octets[2] = 0x80;
        octets[6..].fill(0xff);
        assert!(Asked::new(NAME).unwrap().read(&octets, 7).is_none());
        let long = "x".repeat(250);
        let large = (0..70).map(|_| text(NAME, &long)).collect();
        assert!(reply(large, |_| ()).is_none());
    }
}
